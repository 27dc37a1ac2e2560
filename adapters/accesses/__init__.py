"""Access entries on their way into the database, and out of it again when their time has come."""
