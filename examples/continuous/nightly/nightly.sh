#!/bin/sh
# Scans the accounts' regions and adds the run to the history, which is kept in S3 from night to night.
# Needs: HISTORY (s3://BUCKET/wa-lint.db), REGIONS ("eu-west-1 us-east-1"), credentials with policy.json, the AWS CLI.
set -eu

# A first night has no history yet. Any other fault must not end in an empty one that replaces it.
if ! error=$(aws s3 cp --only-show-errors "$HISTORY" wa-lint.db 2>&1); then
  case $error in
    *404*|*"Not Found"*) ;;
    *) echo "$error" >&2; exit 2 ;;
  esac
fi

regions=""
for region in $REGIONS; do
  regions="$regions --region $region"
done

code=0
# shellcheck disable=SC2086  # one word for each region
wa-lint scan $regions --history wa-lint.db --fail-on high \
  -o text -o html=wa-lint.html -o json=wa-lint.json || code=$?
[ "$code" -eq 2 ] && exit 2  # nothing was kept

aws s3 cp --only-show-errors wa-lint.db "$HISTORY"
wa-lint history wa-lint.db
exit "$code"
