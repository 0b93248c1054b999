"""The pipeline: gather, derive, link, and the runs that chain them. The only place where the steps meet.

::

    gather             visits go out; captures are recorded; what lists name becomes new sources
    gather_mementos    the same, of what web archives saw
    derive             captures that the current recipe has not seen become text and versions
    link               texts are compared with their candidates
    run                one run: lease, fetcher, workers, batches, counts and report
    refresh, backfill, upkeep, reprocess, import_files    one run each, as the verbs and the flows are named

Between gather and derive stands the ledger in the store: a crash in one loses nothing of the other, and derive can be
run again without the network.
"""
