"""client-go's parts that controllers are made of: cache, expectations, event handlers."""
