"""Jobs and schedules, in the deployment's own database."""
