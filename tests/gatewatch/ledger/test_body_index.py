"""Every kept body is found by its call, once, whatever happens to files and recorders in between."""

from gatewatch.bodies.day_files import DayFiles, days, files_of
from gatewatch.ledger.service import LedgerService
from gatewatch.paths import Home
from tests.kit.bodies_made import keep
from tests.kit.journals import DAY, NOW, T0, a_call, segment, whole


def places(service: LedgerService, n: int = 0, **fields: int) -> list[str]:
    rows = service.ask("body_places", call_id=a_call(n, **fields).call_id).rows
    return [row["kind"] for row in rows]


def test_prompt_and_reply_are_found_by_their_call(home: Home, service: LedgerService) -> None:
    keep(home, a_call(1), b'{"b":1}', "reply")
    keep(home, a_call(1), b'{"a":1}')
    keep(home, a_call(2), b"{}")
    service.load_once()
    (request, reply) = service.ask("body_places", call_id=a_call(1).call_id).rows
    assert (request["kind"], reply["kind"], request["size"], request["redacted"]) == ("request", "reply", 7, {})
    assert places(service, 2) == ["request"]
    assert places(service, 3) == []


def test_what_comes_later_is_added_and_nothing_twice(home: Home, service: LedgerService) -> None:
    files = DayFiles(home.bodies)
    for n in range(5):
        keep(home, a_call(n), b"{}", files=files)
        service.load_once()
        service.load_once()
    service.close()
    again = LedgerService(home, clock=lambda: NOW)
    again.load_once()
    keep(home, a_call(5), b"{}", files=files)
    again.load_once()
    assert [places(again, n) for n in range(7)] == [["request"]] * 6 + [[]]
    again.close()
    files.close()


def test_half_a_record_waits_for_its_other_half(home: Home, service: LedgerService) -> None:
    keep(home, a_call(0), b'{"content":"whole"}')
    (path,) = files_of(home.bodies, days(home.bodies)[0])
    whole = path.read_bytes()
    path.write_bytes(whole[:-3])
    service.load_once()
    assert places(service) == []
    path.write_bytes(whole)
    service.load_once()
    assert places(service) == ["request"]


def test_a_file_that_cannot_be_read_stops_no_other_and_is_said(home: Home, service: LedgerService) -> None:
    keep(home, a_call(0), b"{}")
    (path,) = files_of(home.bodies, days(home.bodies)[0])
    path.write_bytes(path.read_bytes() + b"noise\n" * 10)
    keep(home, a_call(1, at_us=T0 + DAY), b"{}")
    for _ in range(2):
        service.load_once()
        assert [places(service), places(service, 1, at_us=T0 + DAY)] == [["request"], ["request"]]
        (alarm,) = service.fresh()["alarms"]
        assert path.name in alarm


def test_a_thing_that_is_no_file_stops_no_other_and_is_said_until_it_is_gone(
    home: Home, service: LedgerService
) -> None:
    keep(home, a_call(0), b"{}")
    (path,) = files_of(home.bodies, days(home.bodies)[0])
    odd = path.with_name("0" + path.name[1:])
    odd.mkdir()
    (home.bodies / "2026-11-01").write_text("a note")
    keep(home, a_call(1, at_us=T0 + DAY), b"{}")
    for _ in range(2):
        service.load_once()
        assert [places(service), places(service, 1, at_us=T0 + DAY)] == [["request"], ["request"]]
        (alarm,) = service.fresh()["alarms"]
        assert odd.name in alarm
        assert service.loaded_until_us == NOW
    odd.rmdir()
    service.load_once()
    assert service.fresh()["alarms"] == []


def test_a_folder_of_bodies_that_is_none_blinds_nobody(home: Home, service: LedgerService) -> None:
    home.bodies.write_text("a note")
    segment(home, whole(a_call(1)))
    service.load_once()
    assert len(service.ask("calls").rows) == 1
    assert service.loaded_until_us == NOW
    (alarm,) = service.fresh()["alarms"]
    assert alarm.startswith("bodies in bodies/ cannot be read")


def test_a_rebuilt_ledger_finds_them_again(home: Home, service: LedgerService) -> None:
    from gatewatch.ledger.rebuild import rebuild

    keep(home, a_call(0), b"{}")
    service.load_once()
    service.close()
    rebuild(home, say=lambda _: None)
    again = LedgerService(home, clock=lambda: NOW)
    assert places(again) == ["request"]
    again.close()
