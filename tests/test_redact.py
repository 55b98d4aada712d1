# ruff: noqa: RUF001 -- the marks are angle quotes
"""Secrets are masked wherever they stand, and nothing else is."""

from __future__ import annotations

import base64
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wa_lint.redact import mask, mask_by_name, mask_tree

KEY_ID = "AKIA" + "IOSFODNN7EXAMPLE"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY"
JWT = "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0" + ".dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA\nabc\n-----END RSA PRIVATE KEY-----"

SECRETS = {
    f"export AWS_ACCESS_KEY_ID={KEY_ID}": ("aws-access-key", KEY_ID),
    f"aws_secret_access_key = {SECRET_KEY}": ("aws-secret-key", SECRET_KEY),
    f'{{"SecretAccessKey": "{SECRET_KEY}"}}': ("aws-secret-key", SECRET_KEY),
    f"aws configure set aws_secret_access_key {SECRET_KEY}": ("aws-secret-key", SECRET_KEY),
    f"id {KEY_ID} and {SECRET_KEY}": ("aws-secret-key", SECRET_KEY),
    f"cat > key <<EOF\n{PEM}\nEOF": ("private-key", "MIIEowIBAAKCAQEA"),
    "git clone https://ghp_" + "a1B2" * 9 + "@github.com/o/r": ("github-token", "a1B2"),
    "glpat-" + "abcdefgh12345678" + "ABCD": ("gitlab-token", "abcdefgh"),
    "xoxb-" + "123456789012-abcdefGHIJKL": ("slack-token", "123456789012"),
    "https://hooks.slack.com/services/" + "T0000AAAA/B0000BBBB/" + "x" * 24: ("slack-webhook", "T0000AAAA"),
    "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh": ("huggingface-token", "AbCdEf"),
    "OPENAI=sk-" + "proj-" + "a1b2c3d4e5f6g7h8i9j0k1": ("openai-key", "a1b2c3"),
    "curl -H 'Authorization: Bearer abcdefghij0123456789'": ("bearer-token", "abcdefghij0123456789"),
    f"x = '{JWT}'": ("jwt", "dozjgNryP4J3"),
    "postgresql://admin:hunter22@db.internal:5432/ml": ("url-password", "hunter22"),
    "mongodb+srv://u:p%40ss@cluster0.example.net": ("url-password", "p%40ss"),
    "DB_PASSWORD=hunter22": ("password", "hunter22"),
    "export dbPassword=hunter22; run": ("password", "hunter22"),
    "password = 'correct horse'": ("password", "correct horse"),
    '{"db_password": "hunter22"}': ("password", "hunter22"),
    "password: 'hunter22'": ("password", "hunter22"),
    "jupyter --NotebookApp.token=abcdef123456": ("password", "abcdef123456"),
    "mysql --password hunter22 -h db": ("password", "hunter22"),
    "API_KEY := s3cr3tv4lue": ("password", "s3cr3tv4lue"),
    "db_password = 'changeme'": ("password", "changeme"),
    "PASSWORD=my_secret!1": ("password", "my_secret!1"),
}

HARMLESS = [
    "arn:aws:iam::123456789012:role/service-role/AmazonSageMaker-ExecutionRole-20230101T000000",
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-password-AbCdEf",
    "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/secret-token-2024",
    "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.1.0-cpu-py310-ubuntu20.04-sagemaker",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/a@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "{{resolve:secretsmanager:prod/db:SecretString:password}}",
    "https://${User}:${Password}@git.example.com/repo",
    "password=${DB_PASSWORD}",
    "TOKEN=$(curl -X PUT http://169.254.169.254/latest/api/token -H 'X-aws-ec2-metadata-token-ttl-seconds: 21600')",
    "password = os.environ['DB_PASSWORD']",
    "client = connect(password=password, token=get_token(), secret=self.secret)",
    "connect(password=db_password)",
    "password=config.database.password",
    "secret = boto3.client('secretsmanager').get_secret_value(SecretId=name)",
    "tokenizer=AutoTokenizer.from_pretrained(path)",
    "max_tokens=4096",
    "compass=north-west-by-north",
    "aws secretsmanager get-secret-value --secret-id prod/db",
    "s3://bucket/key=value/part@2024",
    "mailto:someone@example.com",
    "sk-learn-model",
    "subnet-0a1b2c3d4e5f67890",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "cron(0 12 * * ? *)",
    "sagemaker:GetSearchSuggestions",
    "password",
]


@pytest.mark.parametrize(("text", "kind", "secret"), [(text, *said) for text, said in SECRETS.items()])
def test_a_secret_is_masked_with_its_kind(text: str, kind: str, secret: str) -> None:
    masked = mask(text)
    assert f"‹secret:{kind}›" in masked
    assert secret not in masked


@pytest.mark.parametrize("text", SECRETS)
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_a_text_in_base64_is_masked_inside() -> None:
    script = f"#!/bin/bash\nset -e\nexport AWS_ACCESS_KEY_ID={KEY_ID}\npip install -r requirements.txt\n"
    masked = mask(base64.b64encode(script.encode()).decode())
    assert base64.b64decode(masked).decode() == script.replace(KEY_ID, "‹secret:aws-access-key›")
    assert mask(masked) == masked


def test_base64_of_something_else_stays() -> None:
    for text in (base64.b64encode(bytes(range(256))).decode(), "0123456789abcdef" * 4, "A" * 1000):
        assert mask(text) == text


def test_only_the_span_is_replaced() -> None:
    assert mask("postgresql://admin:hunter22@db:5432/ml") == "postgresql://admin:‹secret:url-password›@db:5432/ml"
    assert mask("a\nDB_PASSWORD=hunter22\nb") == "a\nDB_PASSWORD=‹secret:password›\nb"


NAMED = {
    ("DB_PASSWORD", "hunter2"): True,
    ("HF_TOKEN", "abcdef123"): True,
    ("MasterUserPassword", "password"): True,
    ("MasterUserPassword", "hunter22"): True,
    ("OPENAI_API_KEY", "abcdef"): True,
    ("SecretString", '{"a": "b"}'): False,
    ("DB_PASSWORD", "{{resolve:ssm-secure:db:1}}"): False,
    ("DB_PASSWORD", "${Password}"): False,
    ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:1:secret:x"): False,
    ("DB_PASSWORD_SECRET_ARN", "anything"): False,
    ("SECRET_NAME", "prod/db"): False,
    ("MAX_TOTAL_TOKENS", "4096"): False,
    ("TOKENIZERS_PARALLELISM", "false"): False,
    ("EOS_TOKEN", "</s>"): False,
    ("ServiceToken", "a-function"): False,
    ("AccessToken", "minutes"): False,
    ("S3_KEY", "path/to/model.tar.gz"): False,
    ("KmsKeyId", "1234abcd-12ab-34cd-56ef-1234567890ab"): False,
}


@pytest.mark.parametrize(("name", "value", "is_secret"), [(*pair, said) for pair, said in NAMED.items()])
def test_a_name_that_says_secret_masks_the_whole_value(name: str, value: str, is_secret: bool) -> None:
    assert mask_by_name(name, value) == ("‹secret:named›" if is_secret else value)


def test_a_tree_is_masked_by_content_by_name_and_by_pair() -> None:
    tree = {
        "Environment": {"Variables": {"DB_PASSWORD": "hunter2", "STAGE": "prod"}},
        "EnvironmentVariables": [
            {"Name": "API_TOKEN", "Value": "abcdef", "Type": "PLAINTEXT"},
            {"Name": "API_TOKEN", "Value": "prod/api", "Type": "SECRETS_MANAGER"},
        ],
        "Script": [f"export A={KEY_ID}"],
        "Count": 3,
    }
    assert mask_tree(tree) == {
        "Environment": {"Variables": {"DB_PASSWORD": "‹secret:named›", "STAGE": "prod"}},
        "EnvironmentVariables": [
            {"Name": "API_TOKEN", "Value": "‹secret:named›", "Type": "PLAINTEXT"},
            {"Name": "API_TOKEN", "Value": "prod/api", "Type": "SECRETS_MANAGER"},
        ],
        "Script": ["export A=‹secret:aws-access-key›"],
        "Count": 3,
    }


def test_a_tree_without_secrets_is_returned_as_it_is() -> None:
    tree = {"A": ["x", {"B": None}], "Name": "n", "Value": True}
    assert mask_tree(tree) is tree


# --- properties -------------------------------------------------------------------------------------

NAME = st.text(string.ascii_letters + string.digits + "-", min_size=1, max_size=40)
ACCOUNT = st.text(string.digits, min_size=12, max_size=12)
ID = st.builds(
    "{}-{}".format,
    st.sampled_from(["subnet", "vpc", "sg", "d", "eni"]),
    st.text("0123456789abcdef", min_size=8, max_size=17),
)


@given(
    st.sampled_from(["iam", "s3", "sagemaker", "kms", "lambda"]),
    ACCOUNT,
    st.sampled_from(["role", "key", "endpoint"]),
    NAME,
)
def test_no_arn_is_masked(service: str, account: str, kind: str, name: str) -> None:
    text = f"arn:aws:{service}:us-east-1:{account}:{kind}/x{name}"
    assert mask(text) == text


@given(ACCOUNT, NAME, NAME)
def test_no_image_uri_is_masked(account: str, repository: str, tag: str) -> None:
    text = f"{account}.dkr.ecr.us-east-1.amazonaws.com/r{repository}:t{tag}"
    assert mask(text) == text


@given(ID)
def test_no_id_is_masked(text: str) -> None:
    assert mask(text) == text


@given(st.text(max_size=200))
def test_any_text_is_masked_once_and_for_all(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c), max_leaves=20
    )
)
def test_any_tree_keeps_its_form(tree: object) -> None:
    assert type(mask_tree(tree)) is type(tree)


@pytest.mark.parametrize(
    "piece",
    ["a_", "pass", "password=", "-----BEGIN ", "://a:", "secret key ", "eyJaaaaaaaa.", "\"' : ", "--token ", "AKIA"],
)
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    start = time.process_time()
    mask(text)
    assert time.process_time() - start < 5
