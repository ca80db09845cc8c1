"""Who is who: one exact key of the school joins people; who stays unknown is parked."""
