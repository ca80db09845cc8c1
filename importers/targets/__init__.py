"""What records become: each kind its table, its columns, and how it ends."""
