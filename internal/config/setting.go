package config

import (
	"reflect"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/spelling"
	"github.com/waypost/waypost/internal/wa"
)

// Setting describes one setting.
type Setting struct {
	// Name is its name in the file, with dots between levels.
	Name string
	// Default is its default as text.
	Default string
	Help    string
	// Secret settings are never shown and are no flags, because others can read
	// a process's arguments.
	Secret bool
}

// EnvPrefix leads the environment's names: log.level is WAYPOST_LOG_LEVEL.
const EnvPrefix = "WAYPOST_"

// Env is the setting's name in the environment.
func (s Setting) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(s.Name, ".", "_"))
}

// Flag is the setting's flag without the dashes.
func (s Setting) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.Name) }

func settingName(s Setting) string { return s.Name }

// Settings returns all settings in the order of [Config].
func Settings() []Setting {
	var all []Setting
	walk("", reflect.ValueOf(Config{}), func(s Setting, _ reflect.Value) { all = append(all, s) })
	return all
}

// walk calls visit for every setting in v, a [Config] or a part of it, with the
// field that holds its value.
func walk(prefix string, v reflect.Value, visit func(Setting, reflect.Value)) {
	for field, value := range v.Fields() {
		name := prefix + field.Tag.Get("koanf")
		if value.Kind() == reflect.Struct && field.Type != reflect.TypeFor[wa.Secret]() {
			walk(name+".", value, visit)
			continue
		}
		visit(Setting{
			Name: name, Default: field.Tag.Get("default"), Help: field.Tag.Get("help"), Secret: field.Tag.Get("secret") == "true",
		}, value)
	}
}

func known(name string) bool {
	return slices.ContainsFunc(Settings(), func(s Setting) bool { return s.Name == name })
}

// section reports whether name is a level that holds settings.
func section(name string) bool {
	return slices.ContainsFunc(Settings(), func(s Setting) bool { return strings.HasPrefix(s.Name, name+".") })
}

// suggestion names, in the words of the place it was found in, the settings
// that someone who wrote name may have meant.
func suggestion(name string, words func(Setting) string) string {
	var near []string
	for _, s := range Settings() {
		if similar(name, s.Name) {
			near = append(near, words(s))
		}
	}
	if len(near) == 0 {
		return ""
	}
	return " (did you mean " + strings.Join(near, " or ") + "?)"
}

// similar reports whether name is want at another level, in another spelling
// or with a slip of the pen.
func similar(name, want string) bool {
	letters := func(s string) string {
		return strings.NewReplacer(".", "", "_", "", "-", "").Replace(strings.ToLower(s))
	}
	last := func(s string) string { return letters(s[strings.LastIndexByte(s, '.')+1:]) }
	if last(name) == last(want) {
		return true
	}
	name, want = letters(name), letters(want)
	slips := 1
	if len(want) > 5 {
		slips = 2
	}
	// The length is looked at first: the distance takes time by both lengths.
	return len(name) <= len(want)+slips && spelling.Distance(name, want) <= slips
}
