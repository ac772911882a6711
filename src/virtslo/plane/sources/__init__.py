"""KubeVirt built from a source tree that a person names.

Invariant: a tree is only read, and within limits; a build is kept under a digest of its sources.
"""
