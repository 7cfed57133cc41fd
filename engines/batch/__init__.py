"""Many parameter rows at once over the same bars: `cpu` on threads."""
