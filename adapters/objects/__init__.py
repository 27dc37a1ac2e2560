"""Where sealed audio lies: a local folder, or a store in the cloud."""
