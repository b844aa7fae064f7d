package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/waypost/waypost/internal/wa"
)

const canary = "canary-5f2c"

func write(t testing.TB, yaml string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "waypost.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mistakes loads in and returns the lines of the error, the file's path left out.
func mistakes(t testing.TB, in Input) []string {
	t.Helper()
	_, err := Load(in)
	if err == nil {
		return nil
	}
	text := err.Error()
	if in.File != "" {
		text = strings.ReplaceAll(text, in.File+": ", "file: ")
	}
	return strings.Split(text, "\n")
}

func TestDefaultsAreComplete(t *testing.T) {
	e, err := Load(Input{Environ: []string{"PATH=/bin", "WAYPOSTING=1"}})
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Listen: "127.0.0.1:8080", Data: "./waypost-data", Log: Log{Level: "info", Format: "text"},
		API:         API{FailureStatus: 200},
		Meta:        Meta{BaseURL: "https://graph.facebook.com", Version: "v26.0"},
		Media:       Media{Links: "fetch"},
		Webhook:     Webhook{Timeout: 15 * time.Second, ReceivedAt: "unix"},
		Send:        Send{Concurrency: 512, Timeout: time.Minute, UncertainAfter: 2 * time.Minute},
		Templates:   Templates{Refresh: 15 * time.Minute},
		StopTimeout: 90 * time.Second,
	}
	if diff := cmp.Diff(want, e.Config, cmp.Comparer(func(a, b wa.Secret) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for _, s := range Settings() {
		if e.Origins[s.Name] != FromDefault {
			t.Errorf("%s comes from %q, want the default", s.Name, e.Origins[s.Name])
		}
		if s.Help == "" {
			t.Errorf("%s has no help", s.Name)
		}
	}
}

func TestTheLaterOriginWins(t *testing.T) {
	in := Input{
		File: write(t, `
data: /file
log: {level: debug, format: json}
send: {concurrency: 7, timeout: 7s}
webhook:
  allow_networks: [10.0.0.0/8, 127.0.0.0/8]
meta:
  media_hosts: "a.example, b.example:8443"
  verify_token: "file token"
`),
		Environ: []string{
			"WAYPOST_LOG_LEVEL=warn", "WAYPOST_SEND_CONCURRENCY=8", "WAYPOST_WEBHOOK_ALLOW_NETWORKS=192.168.1.7/16, 10.1.0.0/16,",
			"WAYPOST_META_VERIFY_TOKEN=env=token", "WAYPOST_CONFIG=/elsewhere",
		},
		Flags: map[string]string{"send.concurrency": "9", "stop_timeout": "2m"},
	}
	e, err := Load(in)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range e.Rows() {
		got[r.Name] = string(r.Origin) + " " + r.Value
	}
	want := map[string]string{
		"listen": "default 127.0.0.1:8080", "data": "file /file", "stop_timeout": "flag 2m0s",
		"log.level": "environment warn", "log.format": "file json", "api.failure_status": "default 200",
		"meta.base_url": "default https://graph.facebook.com", "meta.version": "default v26.0",
		"meta.media_hosts": "file a.example,b.example:8443", "meta.verify_token": "environment [secret]",
		"media.links": "default fetch", "media.allow_networks": "default ",
		"webhook.allow_networks": "environment 192.168.1.7/16,10.1.0.0/16", "webhook.timeout": "default 15s", "webhook.received_at": "default unix",
		"send.concurrency": "flag 9", "send.timeout": "file 7s", "send.uncertain_after": "default 2m0s", "templates.refresh": "default 15m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v := e.Config.Meta.VerifyToken.Reveal(); v != "env=token" {
		t.Errorf("verify token is %q", v)
	}
	networks, err := e.Config.AllowedNetworks()
	if err != nil || fmt.Sprint(networks) != "[192.168.0.0/16 10.1.0.0/16]" {
		t.Errorf("networks %v, %v", networks, err)
	}
	if level, err := e.Config.LogLevel(); level != slog.LevelWarn || err != nil {
		t.Errorf("level %v, %v", level, err)
	}
}

// TestEmptyValueIsAValue keeps an empty flag or variable from silently meaning
// the default.
func TestEmptyValueIsAValue(t *testing.T) {
	file := write(t, "webhook: {allow_networks: [10.0.0.0/8]}\nmeta: {verify_token: x, media_hosts: [a.example]}\n")
	e, err := Load(Input{
		File: file, Environ: []string{"WAYPOST_META_VERIFY_TOKEN=", "WAYPOST_META_MEDIA_HOSTS="},
		Flags: map[string]string{"webhook.allow_networks": ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := e.Config; len(c.Webhook.AllowNetworks)+len(c.Meta.MediaHosts) > 0 || !c.Meta.VerifyToken.Empty() {
		t.Errorf("%+v, want the file's lists and secret taken back", c)
	}
	for name, want := range map[string]string{
		"listen":           `listen: use a form like 127.0.0.1:8080, not ""`,
		"data":             "data: name a directory",
		"log.level":        `log.level: use debug, info, warn or error, not ""`,
		"log.format":       `log.format: use text or json, not ""`,
		"meta.base_url":    "meta.base_url: use a form like https://graph.facebook.com",
		"meta.version":     `meta.version: use a form like v26.0, not ""`,
		"send.concurrency": `send.concurrency: use a whole number, not ""`,
		"send.timeout":     `send.timeout: use a duration such as 60s, not ""`,
	} {
		if diff := cmp.Diff([]string{want}, mistakes(t, Input{Flags: map[string]string{name: ""}})); diff != "" {
			t.Errorf("flag %s: %s", name, diff)
		}
	}
}

func TestUnknownNamesAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Input
		want []string
	}{
		{
			name: "environment",
			in: Input{Environ: []string{
				"WAYPOST_LEVEL=debug", "WAYPOST_TIMEOUT=5s", "WAYPOST_LOG_LEVL=x", "WAYPOST_X", "WAYPOST_=", "WAYPOST_log_level=debug", "WAYPOST_PORT=80",
				"WAYPOST_A\nB=" + canary,
			}},
			want: []string{
				`environment: there is no setting "WAYPOST_LEVEL" (did you mean WAYPOST_LOG_LEVEL?)`,
				`environment: there is no setting "WAYPOST_TIMEOUT" (did you mean WAYPOST_WEBHOOK_TIMEOUT or WAYPOST_SEND_TIMEOUT?)`,
				`environment: there is no setting "WAYPOST_LOG_LEVL" (did you mean WAYPOST_LOG_LEVEL?)`,
				`environment: there is no setting "WAYPOST_X"`,
				`environment: there is no setting "WAYPOST_"`,
				`environment: there is no setting "WAYPOST_log_level" (did you mean WAYPOST_LOG_LEVEL?)`,
				`environment: there is no setting "WAYPOST_PORT"`,
				`environment: there is no setting "WAYPOST_A\nB"`,
			},
		},
		{
			name: "what Kubernetes adds",
			in: Input{Environ: []string{
				"WAYPOST_SERVICE_HOST=10.0.0.1", "WAYPOST_SERVICE_PORT=8080", "WAYPOST_SERVICE_PORT_HTTP=8080", "WAYPOST_PORT=tcp://10.0.0.1:8080",
				"WAYPOST_PORT_8080_TCP=tcp://10.0.0.1:8080", "WAYPOST_PORT_8080_TCP_PROTO=tcp", "WAYPOST_PORT_8080_TCP_PORT=8080",
				"WAYPOST_PORT_8080_TCP_ADDR=10.0.0.1",
			}},
		},
		{
			name: "flags",
			in:   Input{Flags: map[string]string{"stop-timeout": "1s", "nothing": "x"}},
			want: []string{
				`flags: there is no setting "nothing"`,
				`flags: there is no setting "stop-timeout" (did you mean stop_timeout?)`,
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, mistakes(t, tt.in)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	got := mistakes(t, Input{
		File:    write(t, "listen: 8080\nlevel: debug\nsend:\n  concurrency: many\nwebhook: {timeout: 2h}\n"),
		Environ: []string{"WAYPOST_DATE=/x", "WAYPOST_META_VERSION=23"},
		Flags:   map[string]string{"log.format": "xml", "webhook.allow_networks": "10.0.0.1,127.0.0.0/8,net"},
	})
	want := []string{
		`file: there is no setting "level" (did you mean log.level?)`,
		`environment: there is no setting "WAYPOST_DATE" (did you mean WAYPOST_DATA?)`,
		`listen: use a text such as "127.0.0.1:8080", not 8080`,
		`send.concurrency: use a whole number, not "many"`,
		`log.format: use text or json, not "xml"`,
		`meta.version: use a form like v26.0, not "23"`,
		`webhook.allow_networks: use a form like 10.1.0.0/16, not "10.0.0.1"`,
		`webhook.allow_networks: use a form like 10.1.0.0/16, not "net"`,
		`webhook.timeout: use 1s to 1m0s, not 2h0m0s`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValuesOutOfRangeAreRefused(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, tt := range []struct {
		name string
		good []string
		bad  []string
	}{
		{"listen", []string{":0", "[::1]:443", "localhost:http", "0.0.0.0:65535", "my-host:1", "[fe80::1%eth0]:80"}, []string{
			"8080", "localhost", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "http://localhost:80", "a b:80", "a/b:80", "localhost:no-such-service", long,
		}},
		{"data", []string{"/var/lib/waypost", " "}, []string{""}},
		{"log.level", []string{"debug", "info", "warn", "error", "INFO"}, []string{"trace", "info+1", "0", "info ", long}},
		{"log.format", []string{"text", "json"}, []string{"JSON", "logfmt"}},
		{"meta.base_url", []string{"https://graph.facebook.com", "http://127.0.0.1:1/x", "http://[::1]:1", "http://localhost"}, []string{
			"graph.facebook.com", "ftp://x", "https://", "https://:443", "https://u:" + canary + "@x", "https://x?t=" + canary, "https://x#y", "http://example.com", "https://x\n", "http://127.0.0.1.example.com",
		}},
		{"meta.version", []string{"v1.0", "v23.0", "v26.0"}, []string{"23.0", "v23", "v0.1", "v23.0 ", "v100.0", "V23.0"}},
		{"meta.media_hosts", []string{"a.example,b.example:8443", "127.0.0.1:8080", "[::1]:80", "[::1]"}, []string{
			"https://a.example", "a.example/x", "u@a.example", "a b", "a.example:", "a.example:x", "a.example:70000", "a.example,:80",
		}},
		{"media.links", []string{"fetch", "pass"}, []string{"", "Fetch", "link"}},
		{"media.allow_networks", []string{"127.0.0.0/8,::1/128", "10.1.2.3/16", ""}, []string{"10.0.0.0", "10.0.0.0/33", "private"}},
		{"webhook.allow_networks", []string{"127.0.0.0/8,::1/128", "10.1.2.3/16"}, []string{"10.0.0.0", "10.0.0.0/33", "private"}},
		{"webhook.timeout", []string{"1s", "60s"}, []string{"999ms", "61s", "-5s", "5", "five"}},
		{"webhook.received_at", []string{"unix", "date"}, []string{"", "Date", "seconds"}},
		{"api.failure_status", []string{"200", "400"}, []string{"0", "201", "404", "OK", ""}},
		{"send.concurrency", []string{"1", "10000"}, []string{"0", "-1", "10001", "1.5", "1e3", "0x10", "99999999999999999999", " 5"}},
		{"templates.refresh", []string{"1m", "24h"}, []string{"0", "59s", "25h"}},
		{"send.uncertain_after", []string{"10s", "24h"}, []string{"0", "9s", "25h", "120"}},
		{"send.timeout", []string{"1s", "89s"}, []string{"0", "0s", "11m"}},
		{"stop_timeout", []string{"61s", "1h"}, []string{"0", "61m", "1d", "60s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, v := range tt.good {
				if got := mistakes(t, Input{Flags: map[string]string{tt.name: v}}); got != nil {
					t.Errorf("%q: %q", v, got)
				}
			}
			for _, v := range tt.bad {
				got := mistakes(t, Input{Flags: map[string]string{tt.name: v}})
				if len(got) != 1 || !strings.HasPrefix(got[0], tt.name+": ") || len(got[0]) > 200 || strings.Contains(got[0], canary) {
					t.Errorf("%.40q: got %.200q, want one line that names the setting", v, got)
				}
			}
		})
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	for name, in := range map[string]Input{
		"all good": {Environ: []string{"WAYPOST_META_VERIFY_TOKEN=" + canary}},
		"mistakes beside it": {
			File:    write(t, "meta: {verify_token: "+canary+", version: 1, vresion: x}\nlog: x\n"),
			Environ: []string{"WAYPOST_META_VERIFY_TOKEN=" + canary, "WAYPOST_VERIFY_TOKEN=" + canary},
			Flags:   map[string]string{"verify-token": canary},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := Load(in)
			if e.Config.Meta.VerifyToken.Reveal() != canary {
				t.Error("the secret is lost")
			}
			encoded, jsonErr := json.Marshal(e)
			rows, rowsErr := json.Marshal(e.Rows())
			if jsonErr != nil || rowsErr != nil {
				t.Error(jsonErr, rowsErr)
			}
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).LogAttrs(t.Context(), slog.LevelInfo, "settings read", slog.Any("settings", e))
			for _, shown := range []string{
				fmt.Sprintf("%v %+v %#v", e, e, e), fmt.Sprintf("%v %#v", &e, e.Rows()), fmt.Sprint(err), string(encoded), string(rows), log.String(),
			} {
				if strings.Contains(shown, canary) {
					t.Errorf("shows the secret: %s", shown)
				}
			}
			if !strings.Contains(string(rows), `"name":"meta.verify_token","value":"[secret]"`) {
				t.Errorf("rows do not show that the secret is set: %s", rows)
			}
		})
	}
}

func TestNamesOfASetting(t *testing.T) {
	for _, s := range Settings() {
		if s.Name == "webhook.allow_networks" {
			if s.Env() != "WAYPOST_WEBHOOK_ALLOW_NETWORKS" || s.Flag() != "webhook-allow-networks" {
				t.Errorf("named %s and --%s", s.Env(), s.Flag())
			}
			return
		}
	}
	t.Error("the setting is gone")
}

func TestEnvironmentNamesTheFile(t *testing.T) {
	if got := DefaultFile([]string{"A=b", "WAYPOST_CONFIG=/etc/way=post.yaml"}); got != "/etc/way=post.yaml" {
		t.Errorf("got %q", got)
	}
	if got := DefaultFile([]string{"A=b"}); got != "" {
		t.Errorf("got %q, want none", got)
	}
	t.Setenv("WAYPOST_CONFIG", "/etc/waypost.yaml")
	if got := DefaultFile(Environ()); got != "/etc/waypost.yaml" {
		t.Errorf("got %q from the process", got)
	}
}
