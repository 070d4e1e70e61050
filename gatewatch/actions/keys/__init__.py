"""Virtual keys: made, rotated, revoked, edited, listed, shown, carried over. Each deed is an action of its own file."""

from gatewatch.actions.keys.create import CreateKey as CreateKey
from gatewatch.actions.keys.edit import EditKey as EditKey
from gatewatch.actions.keys.listing import ListKeys as ListKeys
from gatewatch.actions.keys.meant import KeysMeant as KeysMeant
from gatewatch.actions.keys.revoke import RevokeKey as RevokeKey
from gatewatch.actions.keys.rotate import EndGrace as EndGrace
from gatewatch.actions.keys.rotate import RotateKey as RotateKey
from gatewatch.actions.keys.show import ShowKey as ShowKey
from gatewatch.actions.keys.view import OneKey as OneKey
from gatewatch.actions.keys.view import view as view
