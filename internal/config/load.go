package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// Origin says where the value of a setting came from.
type Origin string

// The origins, the later winning.
const (
	FromDefault Origin = "default"
	FromFile    Origin = "file"
	FromEnv     Origin = "environment"
	FromFlag    Origin = "flag"
)

// Input is where settings come from, besides their defaults.
type Input struct {
	// File is a YAML file; "" for none.
	File string
	// Environ is the environment, as of [os.Environ].
	Environ []string
	// Flags holds the flags that were given, by the setting's name.
	Flags map[string]string
}

// FileEnv names the configuration file in the environment.
const FileEnv = EnvPrefix + "CONFIG"

// Environ returns the process's environment.
func Environ() []string { return os.Environ() }

// DefaultFile returns the configuration file that an environment names, or "".
func DefaultFile(environ []string) string {
	for _, entry := range environ {
		if path, ok := strings.CutPrefix(entry, FileEnv+"="); ok {
			return path
		}
	}
	return ""
}

// Load reads all settings and checks them. The error holds every mistake, one
// line each, and no value of a secret.
func Load(in Input) (Effective, error) {
	e := Effective{Origins: map[string]Origin{}}
	k := koanf.New(".")
	var mistakes []error
	for _, layer := range []struct {
		origin Origin
		values func(Input) (map[string]any, error)
	}{
		{FromFile, fromFile}, {FromEnv, fromEnvironment}, {FromFlag, fromFlags},
	} {
		values, err := layer.values(in)
		// Nothing but err can go wrong: confmap holds its values in memory.
		mistakes = append(mistakes, err, k.Load(confmap.Provider(values, "."), nil))
		for name := range values {
			e.Origins[name] = layer.origin
		}
	}
	walk("", reflect.ValueOf(&e.Config).Elem(), func(s Setting, field reflect.Value) {
		mistakes = append(mistakes, s.set(field, s.Default))
		if !k.Exists(s.Name) {
			e.Origins[s.Name] = FromDefault
			return
		}
		mistakes = append(mistakes, s.set(field, k.Get(s.Name)))
	})
	return e, errors.Join(append(mistakes, e.Config.Validate())...)
}

func fromEnvironment(in Input) (map[string]any, error) {
	names := map[string]string{}
	for _, s := range Settings() {
		names[s.Env()] = s.Name
	}
	values := map[string]any{}
	var mistakes []error
	for _, entry := range in.Environ {
		env, v, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(env, EnvPrefix) || env == FileEnv || serviceLink(env, v) {
			continue
		}
		name, ok := names[env]
		if !ok {
			rest := strings.TrimPrefix(env, EnvPrefix)
			mistakes = append(mistakes, fmt.Errorf("environment: there is no setting %.80q%s", env, suggestion(rest, Setting.Env)))
			continue
		}
		values[name] = v
	}
	return values, errors.Join(mistakes...)
}

// serviceLink reports whether a variable is one that Kubernetes puts into every
// pod beside a service called waypost, and nobody's mistake:
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
func serviceLink(env, v string) bool {
	if env == "WAYPOST_PORT" {
		return strings.Contains(v, "://") // without that, someone means a setting
	}
	return regexp.MustCompile(`^WAYPOST_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`).MatchString(env)
}

func fromFlags(in Input) (map[string]any, error) {
	values := map[string]any{}
	var mistakes []error
	for _, name := range slices.Sorted(maps.Keys(in.Flags)) {
		if !known(name) {
			mistakes = append(mistakes, fmt.Errorf("flags: there is no setting %.80q%s", name, suggestion(name, settingName)))
			continue
		}
		values[name] = in.Flags[name]
	}
	return values, errors.Join(mistakes...)
}
