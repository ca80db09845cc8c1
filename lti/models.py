"""Registrations, deployments and launches."""
