"""Hollow virt-controller: a module for each of its controllers."""
