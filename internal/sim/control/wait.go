package control

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/waypost/waypost/internal/sim/account"
	"github.com/waypost/waypost/internal/sim/face"
	"github.com/waypost/waypost/internal/sim/ledger"
	"github.com/waypost/waypost/internal/sim/phone"
	"github.com/waypost/waypost/internal/sim/rule"
)

const (
	usualPatience   = 30 * time.Second
	longestPatience = 10 * time.Minute
	mostSeen        = 1000
)

// waitMessage answers as soon as a message matches, in real time; one that is there already counts, unless it came before after.
func (s *server) waitMessage(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	wish, err := s.readQuery(query)
	if err != nil {
		return err
	}
	patience := usualPatience
	if given := query.Get("timeout"); given != "" {
		if patience, err = time.ParseDuration(given); err != nil || patience < 0 || patience > longestPatience {
			return tell(http.StatusBadRequest, "timeout: give a length of time up to %s, such as 5s", longestPatience)
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	m, ok := s.AwaitMessage(ctx, wish)
	if !ok {
		return tell(http.StatusRequestTimeout, "no such message within %s; GET /phones/{number}/messages shows what there is", patience)
	}
	return face.WriteJSON(w, http.StatusOK, map[string]phone.Message{"message": m})
}

// listSeen lists what matches among the messages of all phones.
func (s *server) listSeen(w http.ResponseWriter, r *http.Request) error {
	wish, err := s.readQuery(r.URL.Query())
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, map[string][]phone.Message{"messages": s.Seen(wish, mostSeen)})
}

// showInfo tells a program all that it needs to know to use the simulator.
func (s *server) showInfo(w http.ResponseWriter, _ *http.Request) error {
	info := struct {
		GraphURL string           `json:"graph_url"`
		AppID    string           `json:"app_id"`
		Numbers  []account.Number `json:"numbers"`
		Seq      int              `json:"seq"`
	}{Numbers: s.Accounts().Numbers(), Seq: s.Seq()}
	info.GraphURL, info.AppID = s.Address()
	return face.WriteJSON(w, http.StatusOK, info)
}

// readQuery reads which message is meant. Unknown names are refused, because a misspelt one would match everything.
func (s *server) readQuery(query url.Values) (wish phone.Query, err error) {
	wish.Direction = phone.ToPhone
	for name, values := range query {
		value := values[len(values)-1]
		switch name {
		case "timeout":
		case "after":
			if wish.After, err = strconv.Atoi(value); err != nil {
				return wish, tell(http.StatusBadRequest, "after: give the seq of a message")
			}
		case "direction":
			if !slices.Contains([]string{phone.ToPhone, phone.FromPhone, "any"}, value) {
				return wish, tell(http.StatusBadRequest, "direction: give to_phone, from_phone or any")
			}
			wish.Direction = strings.TrimSuffix(value, "any")
		case "id":
			wish.ID = value
		case "phone":
			wish.Phone = rule.PlainPhone(value)
		case "number":
			n, err := s.Business(value)
			if err != nil {
				return wish, err
			}
			wish.NumberID = n.ID
		case "type":
			wish.Type = value
		case "text":
			wish.Text = value
		case "matches":
			if wish.Matches, err = regexp.Compile(value); err != nil {
				return wish, tell(http.StatusBadRequest, "matches: %s", err)
			}
		case "template":
			wish.Template = value
		case "reply_to":
			wish.ReplyTo = value
		case "status":
			if wish.Statuses, err = statusesFrom(value); err != nil {
				return wish, err
			}
		default:
			return wish, tell(http.StatusBadRequest, "unknown %q: use timeout, after, direction, id, phone, number, type, text, matches, template, reply_to and status", name)
		}
	}
	return wish, nil
}

// statusesFrom lists the statuses that mean that each of the given ones was reached.
func statusesFrom(names string) (list []string, err error) {
	ladder := []string{ledger.StatusAccepted, ledger.StatusSent, ledger.StatusDelivered, ledger.StatusRead, ledger.StatusPlayed}
	for name := range strings.SplitSeq(names, ",") {
		at := slices.Index(ladder, name)
		switch {
		case at >= 0:
			list = append(list, ladder[at:]...)
		case name == ledger.StatusFailed:
			list = append(list, name)
		default:
			return nil, tell(http.StatusBadRequest, "status: give one or more of %s, %s", strings.Join(ladder, ", "), ledger.StatusFailed)
		}
	}
	return list, nil
}

// tapMessage lets a phone tap on a message.
func (s *server) tapMessage(w http.ResponseWriter, r *http.Request) error {
	var t phone.Tap
	if err := readControl(w, r, &t); err != nil {
		return err
	}
	return s.answerTap(w, r, r.PathValue("wamid"), t)
}

// tapLast is for those to whom the characters of a wamid are a bother in a path.
func (s *server) tapLast(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		phone.Tap
		Message string `json:"message"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if wish.Message == "" {
		last, err := s.lastTappable(r.PathValue("number"))
		if err != nil {
			return err
		}
		wish.Message = last
	}
	return s.answerTap(w, r, wish.Message, wish.Tap)
}

// lastTappable finds the last message on a phone that has something to tap on.
func (s *server) lastTappable(number string) (string, error) {
	list, err := s.Messages(number)
	if err != nil {
		return "", err
	}
	for _, m := range slices.Backward(list) {
		if m.Direction == phone.ToPhone && m.View != nil && len(m.View.Labels()) > 0 {
			return m.ID, nil
		}
	}
	return "", tell(http.StatusNotFound, "the phone has received nothing to tap on")
}

func (s *server) answerTap(w http.ResponseWriter, r *http.Request, wamid string, t phone.Tap) error {
	id, opens, err := s.Tap(r.PathValue("number"), wamid, t)
	if err != nil {
		return refusal(err)
	}
	return face.WriteJSON(w, http.StatusOK, struct {
		ID    string `json:"id,omitempty"`    // of the answer
		Opens string `json:"opens,omitempty"` // what the phone opens instead
	}{id, opens})
}

// putMarketing lets a phone stop or resume the marketing of a business number.
func (s *server) putMarketing(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		Value string `json:"value"`
		To    string `json:"to"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if wish.Value != "stop" && wish.Value != "resume" {
		return tell(http.StatusBadRequest, "value: give stop or resume")
	}
	if err := s.StopMarketing(r.PathValue("number"), wish.To, wish.Value == "stop"); err != nil {
		return refusal(err)
	}
	return s.showPhone(w, r)
}

// movePhone gives a phone another number.
func (s *server) movePhone(w http.ResponseWriter, r *http.Request) error {
	var wish struct {
		To string `json:"to"`
	}
	if err := readControl(w, r, &wish); err != nil {
		return err
	}
	if err := s.MovePhone(r.Context(), r.PathValue("number"), wish.To); err != nil {
		return refusal(err)
	}
	p, err := s.SeePhone(wish.To)
	if err != nil {
		return err
	}
	return face.WriteJSON(w, http.StatusOK, p)
}

func (s *server) showSettings(w http.ResponseWriter, _ *http.Request) error {
	return face.WriteJSON(w, http.StatusOK, s.Settings())
}

// putSettings changes what is named and leaves the rest.
func (s *server) putSettings(w http.ResponseWriter, r *http.Request) error {
	settings := s.Settings()
	if err := readControl(w, r, &settings); err != nil {
		return err
	}
	if settings.MarketingCap < 0 {
		return tell(http.StatusBadRequest, "marketing_cap: give a count; 0 is no cap")
	}
	s.SetSettings(settings)
	return s.showSettings(w, r)
}
