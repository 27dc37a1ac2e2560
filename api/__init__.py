"""What people and programs call: the HTTP API, Twilio's callbacks and the command line."""
