"""What can be asked for? One function per intent, shared by the command line, notebooks and API."""
