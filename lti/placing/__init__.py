"""What teachers place in their courses, and what a placed link opens."""
