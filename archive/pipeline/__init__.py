"""The pipeline: gather, derive, link, and the runs that chain them. Only here do the steps meet.

    gather             makes visits, records captures, adds the sources that lists name
    gather_mementos    records the captures that web archives have of a source
    side_captures      records captures nobody planned: robots.txt files and soft-404 probes
    derive             turns captures that the current recipe has not seen into texts and versions
    extraction         extracts payloads, cleans the texts and joins the parts of an article
    page_forms         fetches other forms of a page, and chooses the one that shows its text
    adopt_template     learns the template lines of each site and applies them
    settle             writes the history of a source, and its aliases
    link               compares texts with their candidates
    recipe             the current recipe
    run                one run: lease, fetcher, workers, batches, counts and report
    refresh, backfill, upkeep, reprocess, import_files    one run each, named like the verbs and the flows
    run_clocks         finds stored runs whose clock was wrong
    repair_clock       re-dates one of them
    select_seeds       selects sources by seed, group or address
    reprocess_preview  what a new recipe would change
    revisits           completes captures that repeat another capture
    notify             queues and delivers notices of events
    notice_rules       events that a group selects
    notice_mail        notices as text and HTML for people
    notice_channels    webhooks, mail, apprise

The ledger in the store lies between gather and derive. A crash in one loses nothing of the other, and derive can be run
again without the network.
"""
