"""Go's text/template and html/template, with sprig's functions."""
