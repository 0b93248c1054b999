"""The built-in news world: an invented press of six outlets, a script of what happens to it, and a grade.

Everything here runs offline. ``texts`` reads the articles, ``spin`` rewords them, ``script`` deals the events, ``world``
answers requests as a pure function of round and address, ``site`` serves it on loopback, ``grade`` compares what the
archive says with the script, and ``run`` is what ``wirecopy demo`` calls.
"""
