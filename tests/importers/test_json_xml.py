"""JSON, lines of JSON and XML: read strictly and within limits, nothing in them lost unseen."""

import io

import pytest

from importers.door.rewriting import rewrite
from importers.issues import Refused
from importers.readers import jsonl, xml
from importers.readers.shapes import Shape, shape_of

BSN = "123456782"


def refusal_of(body: bytes) -> str:
    with pytest.raises(Refused) as refused:
        jsonl.read_json(io.BytesIO(body), file="x.json")
    return refused.value.finding.code


def xml_refusal_of(body: bytes) -> str:
    with pytest.raises(Refused) as refused:
        list(xml.events(io.BytesIO(body), file="x.xml"))
    return refused.value.finding.code


def kept(body: bytes, name: str) -> bytes:
    content = io.BytesIO(body)
    return b"".join(rewrite(content, shape_of(content, name), file=name, choose=None).pieces)


def test_a_key_that_is_repeated_is_there_for_who_looks():
    (row,) = jsonl.read_rows(io.BytesIO(b'[[{"": "Zo\xc3\xab", "x": "1", "": "2026"}]]'), file="x")
    assert jsonl.pairs_of(row.value) == [("", "Zoë"), ("x", "1"), ("", "2026")]
    assert row.value[""] == "2026"


def test_objects_of_a_list_are_rows_and_what_is_no_object_is_a_bad_one():
    rows = list(jsonl.read_rows(io.BytesIO(b'[{"a": 1}, 7, {"a": 2}]'), file="x"))
    assert [(row.number, row.value, row.code) for row in rows] == [
        (1, {"a": 1}, None),
        (2, None, "json.no_object"),
        (3, {"a": 2}, None),
    ]


def test_one_object_is_a_list_of_one():
    assert [row.value for row in jsonl.read_rows(io.BytesIO(b'{"a": 1}'), file="x")] == [{"a": 1}]


def test_a_bad_line_is_one_bad_row(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jsonl, "LONGEST_LINE", 40)
    lines = [b"\xef\xbb\xbf" + b'{"a": 1}', b"", b'{"a": ', b'"' + b"x" * 99 + b'"', b'{"a": NaN}']
    rows = list(jsonl.read_lines(io.BytesIO(b"\n".join([*lines, b'{"a": "\xff"}', b'{"a": 2}']))))
    assert [(row.number, row.value, row.code) for row in rows] == [
        (1, {"a": 1}, None),
        (3, None, "json.broken"),
        (4, None, "json.line_too_long"),
        (5, None, "json.no_number"),
        (6, None, "json.encoding"),
        (7, {"a": 2}, None),
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": Infinity}', "json.no_number"),
        (b'{"a": 1e999}', "json.no_number"),
        (b"[" * 60 + b"]" * 60, "json.too_deep"),
        (b"[" * 1_000_000, "json.too_deep"),
        (b'{"a":' * 60 + b"1" + b"}" * 60, "json.too_deep"),
        (b'["' + b'\\"' * 500_000, "json.broken"),
        (b'{"a": 1} {"b": 2}', "json.broken"),
    ],
)
def test_what_is_no_strict_json_is_refused(body: bytes, code: str):
    assert refusal_of(body) == code


def test_brackets_within_words_are_no_depth():
    body = b'["' + b"[" * 500 + b'"]'
    assert jsonl.read_json(io.BytesIO(body), file="x") == ["[" * 500]


def test_a_document_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jsonl, "MOST_BYTES", 10)
    assert refusal_of(b'["1234567890"]') == "json.too_large"


def test_numbers_and_letters_that_no_database_holds_become_harmless():
    value = jsonl.parse(b'{"big": 123456789012345678901, "half": "\\ud800x\\u0000", "n": 12}')
    assert value == {"big": "123456789012345678901", "half": "\ufffdx\ufffd", "n": 12}


def test_numbers_come_out_of_cleaning_as_they_went_in():
    body = b'{"a": 1.10, "b": 7E2, "c": 123456782}'
    assert jsonl.cleaned(body) == b'{"a":1.10,"b":7E2,"c":"[bsn]"}'


@pytest.mark.parametrize(
    ("name", "body", "shape"),
    [
        ("x.json", b' [{"a": 1}]', Shape.JSON),
        ("x.txt", b'{"a": 1}\n{"a": 2}\n', Shape.LINES),
        ("x.jsonl", b'{"a": 1}\n', Shape.LINES),
        ("x.json", b'{\n"a": 1\n}\n', Shape.JSON),
        ("x.csv", b"\xef\xbb\xbf<sbb/>", Shape.XML),
        ("x.json", '{"a": 1}'.encode("utf-16"), Shape.JSON),
        ("x.csv", b"a;b\n", Shape.TEXT),
    ],
)
def test_the_shape_is_known_by_the_content(name: str, body: bytes, shape: Shape):
    assert shape_of(io.BytesIO(body), name) is shape


def test_json_of_another_encoding_is_kept_as_utf_8():
    assert kept('{"naam": "Zoë"}'.encode("utf-16"), "x.json").decode() == '{"naam": "Zoë"}'


def test_a_line_that_is_no_json_stays_a_line_of_its_own():
    body = b'{"a": 1}\n{"a": \n{"a": ' + BSN.encode() + b"}\n"
    assert kept(body, "x.jsonl") == b'{"a": 1}\n{"a": \n{"a":"[bsn]"}\n'


def test_xml_is_kept_without_comments_namespaces_or_anything_that_is_no_element():
    body = (
        b'<?xml version="1.0" encoding="iso-8859-1"?><?run me?><s:a xmlns:s="urn:x" s:k="&lt;1">'
        b"<!-- note --><b>Zo\xeb</b><![CDATA[ x < y ]]></s:a>"
    )
    text = kept(body, "x.xml").decode()
    assert text.partition("\n")[2] == '<a k="&lt;1"><b>Zoë</b> x &lt; y </a>'


def test_elements_are_given_one_by_one():
    body = b"<r><d n='1'><t> a </t></d><other/><d n='2'><t>b</t><d n='3'/></d></r>"
    found = list(xml.elements(io.BytesIO(body), "d", file="x"))
    assert [(one.get("n"), one.findtext("t")) for one in found] == [("1", "a"), ("2", "b")]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'<!DOCTYPE a SYSTEM "http://x.example/a.dtd"><a/>', "xml.dtd"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "xml.dtd"),
        (b"<a>" * 60, "xml.too_deep"),
        (b"<a><b></a>", "xml.broken"),
        (b"<a>", "xml.broken"),
        (b"<a>&unknown;</a>", "xml.broken"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "xml.broken"),
        (b"<a b='" + b"x" * 3_000_000, "xml.too_long"),
        (b"<a>" + b"x" * 1_100_000 + b"</a>", "xml.too_long"),
        (b"<a " + b" ".join(b"a%d='1'" % n for n in range(300)) + b"/>", "xml.too_long"),
    ],
)
def test_xml_that_is_unsafe_or_broken_is_refused(body: bytes, code: str):
    assert xml_refusal_of(body) == code
