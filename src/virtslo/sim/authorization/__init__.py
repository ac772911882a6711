"""Who may do what on the simulated cluster: roles, bindings, impersonation, escalation."""
