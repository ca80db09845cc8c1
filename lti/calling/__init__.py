"""What we ask and tell an LMS: its services, page by page, and when to ask again."""
