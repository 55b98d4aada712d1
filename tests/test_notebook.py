"""What start scripts and image names say: texts, with the holes that a template leaves in them, and the answers."""

from __future__ import annotations

import base64

import pytest

from wa_lint.facts.images import names_version
from wa_lint.facts.notebook import stops
from wa_lint.facts.scripts import script_of
from wa_lint.model import Hole, Unknown, Unresolved, Value
from wa_lint.truth import Truth

BUCKET = Hole("Bucket")
YES, NO = True, False


def opened(*parts: str | Hole) -> Unresolved:
    return Unresolved("it is open", parts)


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        pytest.param("wget https://x.example/autostop.py\npython autostop.py --time 60", YES, id="aws-samples' script"),
        pytest.param("aws sagemaker stop-notebook-instance --notebook-instance-name nb", YES, id="the call itself"),
        pytest.param("pip install sagemaker-studio-autoshutdown", YES, id="the extension of classic Studio"),
        pytest.param("(sleep 3600; sudo shutdown -h now) &", YES, id="the operating system's own command"),
        pytest.param("# auto-stop comes later\necho hello", NO, id="a comment is no auto-stop"),
        pytest.param(
            "source activate python3\npip install -r requirements.txt", NO, id="a tool reads a file, and runs none"
        ),
        pytest.param(
            "wget https://x.example/setup.sh\nchmod +x setup.sh", NO, id="a file that is fetched, and not run"
        ),
        pytest.param("cat > /tmp/x.sh <<EOF\necho\nEOF\nbash /tmp/x.sh", NO, id="a file that it wrote itself"),
        pytest.param("jupyter lab --MappingKernelManager.cull_timeout=60", NO, id="culled kernels leave it running"),
        pytest.param("sudo -u ec2-user -i bash /tmp/setup.sh", "/tmp/setup.sh", id="a script that is not in sight"),  # noqa: S108, a text
        pytest.param("curl -s https://x.example/setup | bash", "piped", id="what is piped into a shell"),
        pytest.param("crontab /opt/jobs", "schedules", id="a schedule that is not in sight"),
        pytest.param(opened("aws s3 cp s3://", BUCKET, "/nb.zip .\n"), NO, id="a parameter that is a word"),
        pytest.param(opened("echo hello\n", Hole("Commands")), "it is open", id="a parameter that may be a command"),
        pytest.param(opened(Hole("Script")), "it is open", id="nothing is known"),
    ],
)
def test_a_script_stops_what_is_idle_where_it_says_so(script: str | Unresolved, answer: object) -> None:
    content: Value = base64.b64encode(script.encode()).decode() if isinstance(script, str) else script
    found = stops(script_of(content), "it is open")
    if isinstance(answer, str):
        assert isinstance(found, Unknown)
        assert answer in found.reason
    else:
        assert found is answer


def test_a_script_that_somebody_forgot_to_encode_is_read_as_it_is() -> None:
    assert script_of("#!/bin/bash\necho 'hello'") == "#!/bin/bash\necho 'hello'"


@pytest.mark.parametrize(
    ("image", "answer"),
    [
        ("fraud", NO),
        ("localhost:5000/fraud", NO),
        ("localhost:5000/fraud:1.4", YES),
        ("host/team/fraud:prod@sha256:ab", YES),
        ("host/fraud:prod", NO),
        ("host/fraud:prod-2024-05-01", YES),
        ("host/fraud:deadbeef", YES),
        ("host/fraud:gpu-py310-cu121-ubuntu22.04", NO),
        ("host/fraud:2.3.0-gpu-py311", YES),
        (opened(BUCKET, ".dkr.ecr.eu-west-1.amazonaws.com/fraud"), NO),
        (opened(BUCKET, ".dkr.ecr.eu-west-1.amazonaws.com/fraud:2"), YES),
        (opened(Hole("Repo.RepositoryUri", "Repo", "RepositoryUri")), NO),
        (opened(Hole("Repo.RepositoryUri", "Repo", "RepositoryUri"), ":2"), YES),
        (opened("host/fraud@", BUCKET), YES),
        (opened("host/fraud:1.2.", BUCKET), YES),
        (opened("host/fraud:py3", BUCKET), Unknown("Bucket is known only at deployment")),
        (opened("host/fraud:", BUCKET), Unknown("Bucket is known only at deployment")),
        (opened("host/", BUCKET), Unknown("Bucket is known only at deployment")),
        (Unknown("refused"), Unknown("refused")),
        (7, Unknown("the name of no image")),
    ],
)
def test_an_image_names_a_version_by_a_digest_or_by_a_tag_that_is_no_word(image: Value, answer: Truth) -> None:
    assert names_version(image) == answer
