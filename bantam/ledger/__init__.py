"""The ledger: tables, the store (the only place with queries), migrations.

`store.Ledger` is the door. Each of its parts holds the queries of one subject:
`recording` and `owed` (the one transaction that stores a result and what is owed),
`outbox` (deliveries), `inbox` (webhooks), `pickups` (calls to fetch), `bookings` (calls that
leads asked for), `activities` (the stream of what happened), `labels` (reviews and outcomes),
`answers` (paid model answers), `crm` (the embedded CRM), `crm_memory` (what was written to
other CRMs last), `call_deals` (the deal of a call, found or named), `buyers` (who they are),
`request_buckets` (requests to vendors, which `limiter` gives out), `bookkeeping` (failures, runs,
cursors), `standing` (numbers for those who run it) and `erasure` (forgetting on request).
"""
