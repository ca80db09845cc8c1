"""What a school knows about a student's learning. No web, no queue, no LMS."""
