package simtest_test

import (
	"context"
	"fmt"
	"time"

	"github.com/waypost/waypost/client/simtest"
)

// A customer orders a coffee from a program that asks back.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	sim, err := simtest.Start(ctx, simtest.Options{})
	if err != nil {
		panic(err)
	}
	defer sim.Close()

	app := newShop(sim) // the program under test, told sim.GraphURL, sim.NumberID and sim.AccessToken
	defer app.Close()
	if err := sim.SetCallback(ctx, simtest.Callback{URL: app.URL, VerifyToken: "verify", AppSecret: "secret"}); err != nil {
		panic(err)
	}

	ada := sim.Phone("15550100001")
	if _, err := ada.Say(ctx, "One coffee, please"); err != nil {
		panic(err)
	}
	question, err := ada.Wait(ctx, simtest.Match{Type: "interactive", Text: "milk"})
	if err != nil {
		panic(err)
	}
	fmt.Println(question.Text)
	if _, err := ada.Tap(ctx, question, simtest.Tap{Button: "Yes"}); err != nil {
		panic(err)
	}
	thanks, err := ada.Wait(ctx, simtest.Match{After: question.Seq})
	if err != nil {
		panic(err)
	}
	fmt.Println(thanks.Text)
	// Output:
	// With milk?
	// Thank you, it is on its way.
}

// A day passes in a moment: the window in which a business may write freely closes.
func ExampleSim_Advance() {
	ctx := context.Background()
	sim, err := simtest.Start(ctx, simtest.Options{})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	app := newShop(sim)
	defer app.Close()

	ada := sim.Phone("15550100001")
	if _, err := ada.Say(ctx, "hello"); err != nil {
		panic(err)
	}
	if err := sim.Advance(ctx, 25*time.Hour); err != nil {
		panic(err)
	}
	app.send(ada.Number, `"type":"text","text":{"body":"Are you still there?"}`)
	m, err := ada.Wait(ctx, simtest.Match{Text: "still there", Status: "delivered,failed"})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Status)
	// Output: failed
}

// A fault lets the second send to a user be accepted while the answer is lost: will the program send it twice?
func ExampleSim_SetFaults() {
	ctx := context.Background()
	sim, err := simtest.Start(ctx, simtest.Options{})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	app := newShop(sim)
	defer app.Close()

	if err := sim.SetFaults(ctx, simtest.Fault{Do: "502", Nth: []int{2}}); err != nil {
		panic(err)
	}
	for range 3 {
		status, _ := app.send("15550100001", `"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}`)
		fmt.Println(status)
	}
	ledger, err := sim.Ledger(ctx, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(ledger), "accepted")
	// Output:
	// 200
	// 502
	// 200
	// 3 accepted
}

// A script answers for the phones, so that a test need not.
func ExampleSim_SetScripts() {
	ctx := context.Background()
	sim, err := simtest.Start(ctx, simtest.Options{})
	if err != nil {
		panic(err)
	}
	defer sim.Close()
	app := newShop(sim)
	defer app.Close()

	err = sim.SetScripts(ctx, simtest.Script{
		When: simtest.When{Template: "order_update"}, After: "10m", Answer: []byte(`{"text":"{name} says thanks for «{text}»"}`),
	})
	if err != nil {
		panic(err)
	}
	ada := sim.Phone("15550100001")
	if _, err := ada.Set(ctx, simtest.PhoneChange{Name: simtest.Ptr("Ada")}); err != nil {
		panic(err)
	}
	app.send(ada.Number, `"type":"template","template":{"name":"order_update","language":{"code":"en"},"components":[`+
		`{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"text","text":"3"}]}]}`)
	if err := sim.Advance(ctx, 11*time.Minute); err != nil {
		panic(err)
	}
	m, err := ada.Wait(ctx, simtest.Match{Direction: simtest.FromPhone})
	if err != nil {
		panic(err)
	}
	fmt.Println(m.Text)
	// Output: Ada says thanks for «Hi Ada, your order of 3 items is on its way.»
}
