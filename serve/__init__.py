"""Who may ask? The doors: command line, notebook, reports. Each calls `serve.commands`."""
