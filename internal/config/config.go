// Package config owns the settings of the gateway: their names, defaults, where
// they may come from, and which values make sense.
//
// It never acts on a setting, and no other package reads the environment.
//
// It stands beside cmd, which alone uses it and hands each package the few
// values it needs.
//
// A setting comes from, the later winning: its default, the YAML file, the
// environment, a flag. All mistakes are reported at once, an unknown name among
// them.
package config

//go:generate go test . -run TestReferencePageIsUpToDate -update

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/wa"
)

// Config is every setting. The tags are its name in the file, its default and
// its help; `secret` keeps a value from being shown and from being a flag.
type Config struct {
	Listen string `koanf:"listen" default:"127.0.0.1:8080" help:"address and port that the API and Meta's callbacks are served on; port 0 takes any free one"`
	Data   string `koanf:"data" default:"./waypost-data" help:"directory of the database, the media and the key file"`

	Log     Log     `koanf:"log"`
	API     API     `koanf:"api"`
	Meta    Meta    `koanf:"meta"`
	Media   Media   `koanf:"media"`
	Webhook Webhook `koanf:"webhook"`
	Send    Send    `koanf:"send"`

	Templates Templates `koanf:"templates"`

	StopTimeout time.Duration `koanf:"stop_timeout" default:"90s" help:"how long a stop may take to finish what is in flight"`
}

// Log is how the gateway's log is written.
type Log struct {
	Level  string `koanf:"level" default:"info" help:"debug, info, warn or error"`
	Format string `koanf:"format" default:"text" help:"text or json"`
}

// API is how the gateway answers its clients.
type API struct {
	FailureStatus int `koanf:"failure_status" default:"200" help:"HTTP status of a request that is understood and refused: 200, as the vendor answers, or 400 for clients that go by the status"`
}

// Meta is how WhatsApp's Cloud API is reached, and how it reaches us.
type Meta struct {
	BaseURL     string    `koanf:"base_url" default:"https://graph.facebook.com" help:"address of the Graph API; https, or http on this machine"`
	Version     string    `koanf:"version" default:"v26.0" help:"version of the Graph API"`
	VerifyToken wa.Secret `koanf:"verify_token" secret:"true" help:"what Meta must show when it verifies the callback address /meta/callback; without it every verification is refused"`
	MediaHosts  []string  `koanf:"media_hosts" help:"further hosts, or host:port, that media may be downloaded from with the access token"`
}

// Media is how the media of messages come here.
type Media struct {
	Links         string   `koanf:"links" default:"fetch" help:"a media that a message names by its link: fetch, the gateway fetches and checks it and uploads it to Meta once; or pass, Meta fetches it for every message"`
	AllowNetworks []string `koanf:"allow_networks" help:"private networks that links may lead to, such as 10.1.0.0/16, on any port; every other internal address is refused, and every public one on ports other than 80 and 443"`
}

// Webhook is how events are posted to customers.
type Webhook struct {
	AllowNetworks []string      `koanf:"allow_networks" help:"private networks that webhooks may be posted to, such as 127.0.0.0/8 or 10.1.0.0/16; every other internal address is refused"`
	Timeout       time.Duration `koanf:"timeout" default:"15s" help:"how long an endpoint may take to answer"`
	ReceivedAt    string        `koanf:"received_at" default:"unix" help:"received_at of a delivery status: unix, seconds in a string; or date, like 2006-01-02 15:04:05 in UTC"`
}

// Send is how messages are sent.
type Send struct {
	Concurrency int           `koanf:"concurrency" default:"512" help:"how many messages are on their way to Meta at a time; a number needs as many as it sends in the time that an answer takes, of which it gets three quarters at most"`
	Timeout     time.Duration `koanf:"timeout" default:"60s" help:"how long Meta may take to answer a send; a send without an answer is uncertain"`

	UncertainAfter time.Duration `koanf:"uncertain_after" default:"2m" help:"how long a status of an uncertain message is waited for before the source's policy acts; it counts only while statuses of the number reach the gateway"`
}

// Templates is how the copy of Meta's templates is kept.
type Templates struct {
	Refresh time.Duration `koanf:"refresh" default:"15m" help:"how often Meta is asked for the list of templates, beside whenever something changes"`
}

// Validate returns every mistake in the values, joined.
func (c Config) Validate() error {
	_, level := c.LogLevel()
	_, networks := c.AllowedNetworks()
	_, mediaNetworks := c.MediaNetworks()
	return errors.Join(
		listenAddress("listen", c.Listen),
		when(c.Data == "", "data: name a directory"),
		level,
		when(c.Log.Format != "text" && c.Log.Format != "json", "log.format: use text or json, not %.80q", c.Log.Format),
		when(c.API.FailureStatus != 200 && c.API.FailureStatus != 400, "api.failure_status: use 200 or 400, not %d", c.API.FailureStatus),
		baseURL("meta.base_url", c.Meta.BaseURL),
		when(!graphVersion().MatchString(c.Meta.Version), "meta.version: use a form like v26.0, not %.80q", c.Meta.Version),
		mediaHosts("meta.media_hosts", c.Meta.MediaHosts),
		when(c.Media.Links != "fetch" && c.Media.Links != "pass", "media.links: use fetch or pass, not %.80q", c.Media.Links),
		mediaNetworks,
		networks,
		when(c.Webhook.ReceivedAt != "unix" && c.Webhook.ReceivedAt != "date", "webhook.received_at: use unix or date, not %.80q", c.Webhook.ReceivedAt),
		between("webhook.timeout", c.Webhook.Timeout, time.Second, time.Minute),
		when(c.Send.Concurrency < 1 || c.Send.Concurrency > 10_000, "send.concurrency: use 1 to 10000, not %d", c.Send.Concurrency),
		between("send.timeout", c.Send.Timeout, time.Second, 10*time.Minute),
		between("send.uncertain_after", c.Send.UncertainAfter, 10*time.Second, 24*time.Hour),
		between("templates.refresh", c.Templates.Refresh, time.Minute, 24*time.Hour),
		between("stop_timeout", c.StopTimeout, time.Second, time.Hour),
		c.stopOutlastsSend(),
	)
}

// stopOutlastsSend keeps a stop from cutting off the sends that it waits for.
// Values that are out of range by themselves are reported as that.
func (c Config) stopOutlastsSend() error {
	return when(c.StopTimeout <= c.Send.Timeout && c.StopTimeout >= time.Second && c.Send.Timeout <= 10*time.Minute,
		"stop_timeout: must be longer than send.timeout, which is %s, or a stop cuts sends off", c.Send.Timeout)
}

// LogLevel returns the level to log from.
func (c Config) LogLevel() (slog.Level, error) {
	var level slog.Level
	// slog would also take levels in between, such as info+2.
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil || strings.ContainsAny(c.Log.Level, "+-") {
		return 0, fmt.Errorf("log.level: use debug, info, warn or error, not %.80q", c.Log.Level)
	}
	return level, nil
}

// AllowedNetworks returns the private networks that webhooks may reach.
func (c Config) AllowedNetworks() ([]netip.Prefix, error) {
	return prefixes("webhook.allow_networks", c.Webhook.AllowNetworks)
}

// MediaNetworks returns the private networks that links of media may lead to.
func (c Config) MediaNetworks() ([]netip.Prefix, error) {
	return prefixes("media.allow_networks", c.Media.AllowNetworks)
}

func prefixes(name string, texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	var mistakes []error
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: use a form like 10.1.0.0/16, not %.80q", name, text))
			continue
		}
		all = append(all, network.Masked())
	}
	return all, errors.Join(mistakes...)
}

func when(wrong bool, format string, args ...any) error {
	if wrong {
		return fmt.Errorf(format, args...)
	}
	return nil
}

func listenAddress(name, v string) error {
	host, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = net.LookupPort("tcp", port) //nolint:noctx // numbers and the names of /etc/services, no network
	}
	_, notIP := netip.ParseAddr(host)
	return when(err != nil || port == "" || (host != "" && notIP != nil && !hostForm().MatchString(host)),
		"%s: use a form like 127.0.0.1:8080, not %.80q", name, v)
}

// baseURL does not repeat the value: it can hold a password.
func baseURL(name, v string) error {
	u, err := url.Parse(v)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%s: use a form like https://graph.facebook.com", name)
	}
	// The access token goes there with every call.
	ip, _ := netip.ParseAddr(u.Hostname())
	return when(u.Scheme == "http" && u.Hostname() != "localhost" && !ip.IsLoopback(), "%s: use https; http is for 127.0.0.1 only", name)
}

func mediaHosts(name string, hosts []string) error {
	var mistakes []error
	for _, v := range hosts {
		host, port, err := net.SplitHostPort(v)
		if err != nil {
			host, port = strings.Trim(v, "[]"), "443"
		}
		_, notIP := netip.ParseAddr(host)
		_, notPort := strconv.ParseUint(port, 10, 16)
		mistakes = append(mistakes, when(notPort != nil || (notIP != nil && !hostForm().MatchString(host)),
			"%s: use a form like media.example.com or media.example.com:8443, not %.80q", name, v))
	}
	return errors.Join(mistakes...)
}

func between(name string, v, least, most time.Duration) error {
	return when(v < least || v > most, "%s: use %s to %s, not %s", name, least, most, v)
}

func graphVersion() *regexp.Regexp { return regexp.MustCompile(`^v[1-9][0-9]?\.[0-9]$`) }

func hostForm() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z._-]+$`) }
