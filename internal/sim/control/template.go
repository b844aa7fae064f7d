package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/rule"
	"github.com/waypost/waypost/internal/sim/template"
)

func (s *server) showTemplates(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	list := s.Templates().List(template.Filter{WABAID: query.Get("waba_id"), Name: query.Get("name"), Language: query.Get("language")})
	return face.WriteJSON(w, http.StatusOK, map[string][]template.Template{"templates": append([]template.Template{}, list...)})
}

// putTemplate places a template without review and without a callback.
func (s *server) putTemplate(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		WABAID     string          `json:"waba_id"`
		Status     string          `json:"status"`
		Name       string          `json:"name"`
		Language   string          `json:"language"`
		Category   string          `json:"category"`
		Format     string          `json:"parameter_format,omitempty"`
		Components json.RawMessage `json:"components"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	waba, err := s.account(wish.WABAID)
	if err != nil {
		return err
	}
	if wish.Status == "" {
		wish.Status = template.Approved
	}
	if !slices.Contains(template.Statuses(), wish.Status) {
		return tell(http.StatusBadRequest, "status: give one of %s", strings.Join(template.Statuses(), ", "))
	}
	draft := map[string]any{"name": wish.Name, "language": wish.Language, "category": wish.Category, "components": wish.Components}
	if wish.Format != "" {
		draft["parameter_format"] = wish.Format
	}
	raw, err := json.Marshal(draft)
	if err != nil {
		return fmt.Errorf("encode template: %w", err)
	}
	t, err := s.Templates().Put(waba, raw, wish.Status)
	if err != nil {
		return tell(http.StatusBadRequest, "%s", rule.Plainly(err))
	}
	return face.WriteJSON(w, http.StatusOK, t)
}

// changeTemplate does what Meta does by itself, and calls it back.
func (s *server) changeTemplate(w http.ResponseWriter, r *http.Request) error {
	var wish template.Change
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	after, err := s.ChangeTemplate(r.PathValue("id"), wish)
	if errors.Is(err, template.ErrNotFound) {
		return tell(http.StatusNotFound, "template: not found")
	}
	if err != nil {
		return tell(http.StatusBadRequest, "%s", err)
	}
	return face.WriteJSON(w, http.StatusOK, after)
}

// account finds an account by its id; an empty one means the only one.
func (s *server) account(id string) (string, error) {
	ids := s.Accounts().Accounts()
	switch {
	case id == "" && len(ids) == 1:
		return ids[0], nil
	case id == "":
		return "", tell(http.StatusBadRequest, "there are several accounts: say which one in waba_id")
	case !slices.Contains(ids, id):
		return "", tell(http.StatusNotFound, "account: not found")
	}
	return id, nil
}

// postCallback sends a callback of any field, so that kinds can be tried of which the simulator knows nothing.
func (s *server) postCallback(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		WABAID string          `json:"waba_id"`
		Field  string          `json:"field"`
		Value  json.RawMessage `json:"value"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	waba, err := s.account(wish.WABAID)
	if err != nil {
		return err
	}
	var object map[string]any
	if err := json.Unmarshal(wish.Value, &object); err != nil || object == nil || wish.Field == "" {
		return tell(http.StatusBadRequest, "give field, and value as an object")
	}
	id := s.CallBack(waba, wish.Field, wish.Value)
	return face.WriteJSON(w, http.StatusOK, map[string]int{"id": id})
}

// pauseTemplate lets the quality of a template fall so far that Meta pauses it.
func (s *server) pauseTemplate(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	err := s.PauseTemplate(id)
	if errors.Is(err, rule.ErrNotFound) {
		return err
	}
	if err != nil {
		return tell(http.StatusConflict, "%s", err)
	}
	t, _ := s.Templates().Get(id)
	return face.WriteJSON(w, http.StatusOK, t)
}
