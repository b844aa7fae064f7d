package config

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/waypost/waypost/internal/wa"
)

// EnvPrefix leads the environment's names: log.level is WAYPOST_LOG_LEVEL.
const EnvPrefix = "WAYPOST_"

// Origin says where the value of a setting came from.
type Origin string

// The origins, the later winning.
const (
	FromDefault Origin = "default"
	FromFile    Origin = "file"
	FromEnv     Origin = "environment"
	FromFlag    Origin = "flag"
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

// Env is the setting's name in the environment.
func (s Setting) Env() string {
	return EnvPrefix + strings.ToUpper(strings.ReplaceAll(s.Name, ".", "_"))
}

// Flag is the setting's flag without the dashes.
func (s Setting) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.Name) }

// Settings returns all settings in the order of [Config].
func Settings() []Setting { return settings("", reflect.TypeFor[Config]()) }

func settings(prefix string, t reflect.Type) []Setting {
	var all []Setting
	for field := range t.Fields() {
		name := prefix + field.Tag.Get("koanf")
		if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[wa.Secret]() {
			all = append(all, settings(name+".", field.Type)...)
			continue
		}
		all = append(all, Setting{
			Name: name, Default: field.Tag.Get("default"), Help: field.Tag.Get("help"), Secret: field.Tag.Get("secret") == "true",
		})
	}
	return all
}

// Input is where settings come from, besides their defaults.
type Input struct {
	// File is a YAML file; "" for none.
	File string
	// Environ is the environment, as of [os.Environ].
	Environ []string
	// Flags holds the flags that were given, by the setting's name.
	Flags map[string]string
}

// Effective is the outcome of a load.
type Effective struct {
	Config  Config
	Origins map[string]Origin
}

// Load reads all settings and checks them. The error holds every mistake.
func Load(in Input) (Effective, error) {
	k := koanf.New(".")
	e := Effective{Origins: map[string]Origin{}}
	var mistakes []error
	layer := func(values map[string]any, origin Origin) {
		// confmap cannot fail: the values are in memory.
		mistakes = append(mistakes, k.Load(confmap.Provider(values, "."), nil))
		for name := range values {
			e.Origins[name] = origin
		}
	}
	layer(defaults(), FromDefault)
	values, err := fromFile(in.File)
	mistakes = append(mistakes, err)
	layer(values, FromFile)
	values, err = fromEnvironment(in.Environ)
	mistakes = append(mistakes, err)
	layer(values, FromEnv)
	values = map[string]any{}
	for name, v := range in.Flags {
		values[name] = v
	}
	layer(values, FromFlag)
	if err := decode(k, &e.Config); err != nil {
		mistakes = append(mistakes, err)
	} else {
		mistakes = append(mistakes, e.Config.Validate())
	}
	return e, errors.Join(mistakes...)
}

func defaults() map[string]any {
	values := map[string]any{}
	for _, s := range Settings() {
		if s.Default != "" {
			values[s.Name] = s.Default
		}
	}
	return values
}

// fromFile reads the YAML file, flat by name, and refuses names that are not
// settings.
func fromFile(path string) (map[string]any, error) {
	if path == "" {
		return nil, nil
	}
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	values := k.All()
	var mistakes []error
	for _, name := range slices.Sorted(keys(values)) {
		if !known(name) {
			mistakes = append(mistakes, fmt.Errorf("%s: there is no setting %q%s", path, name, suggestion(name)))
			delete(values, name)
		}
	}
	return values, errors.Join(mistakes...)
}

func fromEnvironment(environ []string) (map[string]any, error) {
	byEnv := map[string]string{}
	for _, s := range Settings() {
		byEnv[s.Env()] = s.Name
	}
	values := map[string]any{}
	var mistakes []error
	for _, entry := range environ {
		name, v, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, EnvPrefix) || name == FileEnv {
			continue
		}
		setting, ok := byEnv[name]
		if !ok {
			mistakes = append(mistakes, fmt.Errorf("environment: there is no setting %s", name))
			continue
		}
		values[setting] = v
	}
	return values, errors.Join(mistakes...)
}

// FileEnv names the configuration file in the environment.
const FileEnv = EnvPrefix + "CONFIG"

func known(name string) bool {
	return slices.ContainsFunc(Settings(), func(s Setting) bool { return s.Name == name })
}

// suggestion finds a setting whose last part is the same, for a name that
// stands at the wrong level.
func suggestion(name string) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	for _, s := range Settings() {
		if strings.HasSuffix("."+s.Name, "."+last) {
			return fmt.Sprintf(" (did you mean %s?)", s.Name)
		}
	}
	return ""
}

func keys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range m {
			if !yield(name) {
				return
			}
		}
	}
}

// decode turns texts into the fields' types.
func decode(k *koanf.Koanf, c *Config) error {
	return k.UnmarshalWithConf("", c, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		TagName: "koanf", WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			secretHook, mapstructure.StringToTimeDurationHookFunc(), listHook),
	}})
}

func secretHook(_, to reflect.Type, v any) (any, error) {
	if to != reflect.TypeFor[wa.Secret]() {
		return v, nil
	}
	text, ok := v.(string)
	if !ok {
		return nil, errors.New("must be a text in quotes")
	}
	return wa.NewSecret(text), nil
}

// listHook splits a text at commas, for lists in the environment and in flags.
func listHook(_, to reflect.Type, v any) (any, error) {
	text, ok := v.(string)
	if !ok || to != reflect.TypeFor[[]string]() {
		return v, nil
	}
	list := []string{}
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}

// Row is a setting with its value, for people and programs to look at.
type Row struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Origin Origin `json:"origin"`
}

// Rows returns every setting with its value; a secret shows only whether it is
// set.
func (e Effective) Rows() []Row {
	values := map[string]string{}
	texts("", reflect.ValueOf(e.Config), values)
	var rows []Row
	for _, s := range Settings() {
		rows = append(rows, Row{Name: s.Name, Value: values[s.Name], Origin: cmp.Or(e.Origins[s.Name], FromDefault)})
	}
	return rows
}

func texts(prefix string, v reflect.Value, into map[string]string) {
	for field, value := range v.Fields() {
		name := prefix + field.Tag.Get("koanf")
		switch x := value.Interface().(type) {
		case wa.Secret:
			if !x.Empty() {
				into[name] = x.String()
			}
		case time.Duration:
			into[name] = x.String()
		case []string:
			into[name] = strings.Join(x, ",")
		default:
			if value.Kind() == reflect.Struct {
				texts(name+".", value, into)
				continue
			}
			into[name] = fmt.Sprint(x)
		}
	}
}

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
