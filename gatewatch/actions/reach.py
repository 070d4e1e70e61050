"""Which actions a key of one team may perform: what it is told and what it changes is that team's, by their own doing.

Whatever is not here is about the whole gateway and refused to it: a new action has to be thought about first.
"""

WITHIN_ONE_TEAM = frozenset(
    {
        *("keys.create", "keys.edit", "keys.rotate", "keys.end_grace", "keys.revoke", "keys.import"),
        *("keys.list", "keys.show", "keys.affected", "keys.export", "keys.identify", "keys.found"),
        *("teams.list", "teams.show"),
        *("budgets.list", "budgets.set", "budgets.remove", "limits.list", "limits.set", "limits.remove"),
        *("deferred.list", "deferred.show", "deferred.cancel"),
        "prices.own",
        "audit.list",
    }
)
