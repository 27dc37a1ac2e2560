"""What dashboards and auditors read, built from the history and from nothing else."""
