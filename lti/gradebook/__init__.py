"""What placed links tell an LMS's gradebook: wishes, columns, and numbers on their way."""
