"""Progress is silent away from a terminal and passes everything through."""

from tertium.progress import track


def test_items_pass_through_and_nothing_is_printed(capsys):
    assert list(track(range(5), "counting")) == [0, 1, 2, 3, 4]
    printed = capsys.readouterr()
    assert printed.out == printed.err == ""
