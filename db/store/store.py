"""Store: every write to the archive, by name. Each entry is one transaction, or a verb made of several."""

from __future__ import annotations

from db.store import (
    access,
    alias_claims,
    captures,
    chain,
    change_rate,
    chunk_derivations,
    confirmations,
    derivations,
    forget,
    holds,
    labels,
    leases,
    links,
    lone_histories,
    lost_packs,
    lsh_index,
    mending,
    notices,
    origins,
    packs,
    read_marks,
    redating,
    repack,
    site_templates,
    sources,
    versions,
    work_errors,
    work_leases,
)
from db.store.transactions import Transactions, transaction


class Store(Transactions):
    """The archive file, open for writing.

    An entry is called as a method, without the connection: ``store.add_source(url, url_key, now)``. What it does, its
    arguments and its errors are documented at the function it names. ``durable=False`` marks what can be derived again
    after a power cut (decision 0023), ``repeatable=True`` what changes nothing if it is done twice. Why it is a table:
    decision 0024.
    """

    # What is watched
    sync_seeds = transaction(sources.sync_seeds, repeatable=True)
    add_source = transaction(sources.add_source, repeatable=True)
    add_sources = transaction(sources.add_sources, repeatable=True)
    add_discovered = transaction(sources.add_discovered, repeatable=True)
    join_aliases = transaction(alias_claims.join_aliases, repeatable=True)
    record_change_rates = transaction(change_rate.record_change_rates)

    # Facts
    record = captures.record  # packs the payloads first, outside its transaction
    replace_capture = transaction(captures.replace_capture)
    record_side_captures = transaction(origins.record_side_captures, repeatable=True)
    append_entry = transaction(chain.append_entry)
    redate_run = transaction(redating.redate_run)

    # Derivations
    use_recipe = transaction(derivations.use_recipe, repeatable=True)
    requeue_sources = transaction(derivations.requeue_sources)
    requeue_host = transaction(origins.requeue_host, durable=False)
    record_extraction = transaction(derivations.record_extraction, durable=False)
    copy_extraction = transaction(derivations.copy_extraction, durable=False)
    record_extractions = chunk_derivations.record_extractions  # cuts the words first, outside its transaction
    record_derivations = transaction(chunk_derivations.record_derivations, durable=False)
    record_derivation = transaction(derivations.record_derivation, durable=False)
    adopt_template = transaction(site_templates.adopt_template)
    settle = transaction(versions.settle, durable=False)
    settle_alone = transaction(lone_histories.settle_alone, durable=False)
    confirm_versions = transaction(confirmations.confirm_versions, durable=False)
    record_links = transaction(links.record_links, durable=False)
    record_links_of_texts = transaction(links.record_links_of_texts, durable=False)
    add_lsh_keys = transaction(lsh_index.add_lsh_keys, durable=False)
    drop_links = transaction(links.drop_links)
    record_capture_error = transaction(work_errors.record_capture_error, durable=False)
    clear_capture_errors = transaction(work_errors.clear_capture_errors, durable=False)
    take_off_ledger = transaction(work_errors.take_off_ledger, durable=False)
    record_text_error = transaction(work_errors.record_text_error, durable=False)
    requeue_errors = transaction(work_errors.requeue_errors, repeatable=True)

    # Mending
    drop_rows = transaction(mending.drop_rows)
    make_index_again = transaction(mending.make_index_again)

    # What people say
    add_label = transaction(labels.add_label)
    add_original_label = transaction(labels.add_original_label)
    drop_original_labels = transaction(labels.drop_original_labels)
    mark_read = transaction(read_marks.mark_read)

    # Access
    add_token = transaction(access.add_token)
    revoke_token = transaction(access.revoke_token)
    record_change = transaction(access.record_change)

    # Notices
    add_receivers = transaction(notices.add_receivers)
    queue_events = transaction(notices.queue_events)
    make_notice = transaction(notices.make_notice)
    record_try = transaction(notices.record_try)
    prune_notices = transaction(notices.prune_notices)

    # Runs and leases
    begin_run = transaction(leases.begin_run)
    end_run = transaction(leases.end_run, repeatable=True)
    take_lease = transaction(leases.take_lease, repeatable=True)
    reserve_turn = transaction(leases.reserve_turn, repeatable=True)
    renew_leases = transaction(leases.renew_leases, repeatable=True)
    release_leases = transaction(leases.release_leases, repeatable=True)

    # Leases of work. A server that was restarted must still have those by which runs keep out of each other's way. A
    # text whose lease was lost is compared again.
    lease_sites = transaction(work_leases.lease_sites, repeatable=True)
    lease_captures = transaction(work_leases.lease_captures, repeatable=True)
    lease_texts = transaction(work_leases.lease_texts, durable=False)
    texts_in_hand = transaction(work_leases.texts_in_hand, durable=False)
    release_work = transaction(work_leases.release_work, durable=False)

    # Maintenance; the first and the last take many short transactions
    forget_source = forget.forget_source
    add_hold = transaction(holds.add_hold)
    release_holds = transaction(holds.release_holds)
    lift_tombstone = transaction(forget.lift_tombstone)
    repack_payloads = repack.repack_payloads
    move_to_packs = packs.move_to_packs
    move_back = packs.move_back
    purge_packs = packs.purge_packs
    find_lost_payloads = lost_packs.find_lost_payloads
