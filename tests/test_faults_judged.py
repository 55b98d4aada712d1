"""What rules say of an account in which something was deleted since it was listed: as if it had never been there."""

from __future__ import annotations

import msgspec
import pytest
import test_refusals
from faults import codes_of_gone
from test_refusals import NOW, Account, outcomes, shown

from wa_lint.demo.stub import REGION
from wa_lint.model import Snapshot
from wa_lint.sources.live.account_reader import read_live
from wa_lint.sources.live.collectors import all_collectors

account = test_refusals.account

DESCRIBED = {c.type: (c.service, c.describe[0].operation) for c in all_collectors() if c.describe}


@pytest.fixture(scope="module")
def whole(account: Account) -> Snapshot:
    account.tape.refused = ("", "")
    return read_live(account.tape, REGION, now=NOW)


@pytest.mark.parametrize("type_", DESCRIBED)
def test_what_was_deleted_in_between_was_never_there(type_: str, account: Account, whole: Snapshot) -> None:
    tape, call = account.tape, DESCRIBED[type_]
    if call not in tape.asked:
        pytest.skip("the account has none")
    if call[0] != "sagemaker" and not codes_of_gone(call):
        pytest.skip("it never says that something is not there")
    tape.refused, tape.status = call, 400
    tape.code = "ResourceNotFound" if call[0] == "sagemaker" else codes_of_gone(call)[0][0]
    snapshot = read_live(tape, REGION, now=NOW)
    assert type_ not in {resource.type for resource in snapshot.resources}
    assert set(snapshot.gaps) <= account.gaps
    rest = tuple(resource for resource in whole.resources if resource.type != type_)
    never = outcomes(msgspec.structs.replace(whole, resources=rest))
    after = outcomes(snapshot)
    other = [
        f"{rule} on {id_}: {shown(after[rule, id_])}, but {shown(never[rule, id_])} were it never there"
        for rule, id_ in sorted(after.keys() | never.keys())
        if after[rule, id_] != never[rule, id_]
    ]
    assert not other, "\n".join(other)
