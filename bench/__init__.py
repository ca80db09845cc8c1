"""What is measured, and how: see README.md. Nothing of the product imports this."""
