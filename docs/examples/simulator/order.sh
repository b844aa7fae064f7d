#!/bin/sh
# A customer and a business, played by curl. Start `waypost sim --profile calm`, then: sh order.sh
set -eu
CONTROL=${SIM_CONTROL:-http://127.0.0.1:9091}
ask() { curl --silent --show-error --fail-with-body "$@"; }

# Where is the Graph face? (jq would read this more nicely.)
INFO=$(ask "$CONTROL/_sim/info")
GRAPH=$(echo "$INFO" | sed 's/.*"graph_url":"\([^"]*\)".*/\1/')
NUMBER=$(echo "$INFO" | sed 's/.*"numbers":\[{"id":"\([^"]*\)".*/\1/')
TOKEN=$(echo "$INFO" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# Ada writes; that opens the window in which the business may write freely.
ask "$CONTROL/phones/15550100001/messages" -d '{"text":"One coffee, please"}'
echo

# The business asks back, as any program would by Meta's API.
ask "$GRAPH/v26.0/$NUMBER/messages" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{
  "messaging_product": "whatsapp", "to": "15550100001", "type": "interactive",
  "interactive": {"type": "button", "body": {"text": "With milk?"}, "action": {"buttons": [
    {"type": "reply", "reply": {"id": "milk", "title": "Yes"}}, {"type": "reply", "reply": {"id": "black", "title": "No"}}]}}}'
echo

# Wait until Ada has read it, tap, and see what she wrote.
ask "$CONTROL/_sim/wait?phone=15550100001&text=milk&status=read&timeout=10s"
echo
ask "$CONTROL/phones/15550100001/tap" -d '{"button":"No"}'
echo
ask "$CONTROL/_sim/wait?phone=15550100001&direction=from_phone&type=interactive" | grep -o '"text":"No"'

# A day later the window has closed, and a text fails with 131047.
ask "$CONTROL/_sim/clock" -d '{"advance":"25h"}'
echo
ask "$GRAPH/v26.0/$NUMBER/messages" -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{"messaging_product":"whatsapp","to":"15550100001","type":"text","text":{"body":"Are you still there?"}}'
echo
ask "$CONTROL/_sim/wait?phone=15550100001&text=still+there&status=failed&timeout=10s" | grep -o '"status":"failed"'
ask "$CONTROL/_sim/messages?to=15550100001&status=failed" | grep -o '"code":131047' | head -n 1
