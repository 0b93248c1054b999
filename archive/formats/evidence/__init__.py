"""Evidence files and their verifier, which needs nothing else of wirecopy.

The modules import the standard library and one another only, so that a sceptic can read and copy this folder alone and
run ``python -m evidence FILE.wacz --key KEY`` beside it. Signatures need the package ``cryptography``.
"""
