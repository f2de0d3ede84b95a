package app

import (
	"context"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"callwright"
	"callwright/internal/engine"
	"callwright/internal/llm"
	"callwright/internal/llm/anthropic"
	"callwright/internal/llm/breaker"
	"callwright/internal/llm/builtin"
	"callwright/internal/llm/openai"
	"callwright/internal/secret"
)

// A Provider is a server of language models. Its name is the first part of llmModel.
type Provider struct {
	BaseURL string
	Key     secret.String // for organizations without a secret of their own; empty: none is sent
}

// Providers returns the known ones at their usual addresses. All but anthropic speak
// the API of OpenAI's chat completions.
func Providers() map[string]*Provider {
	return map[string]*Provider{
		"anthropic":  {BaseURL: "https://api.anthropic.com"},
		"gemini":     {BaseURL: "https://generativelanguage.googleapis.com/v1beta/openai"},
		"llamacpp":   {BaseURL: "http://127.0.0.1:8080/v1"},
		"ollama":     {BaseURL: "http://127.0.0.1:11434/v1"},
		"openai":     {BaseURL: "https://api.openai.com/v1"},
		"openrouter": {BaseURL: "https://openrouter.ai/api/v1"},
		"vllm":       {BaseURL: "http://127.0.0.1:8000/v1"},
	}
}

// secretOf is the name of the secret in which an organization keeps its own key for a
// provider.
func secretOf(provider string) string { return strings.ToUpper(provider) + "_API_KEY" }

// models are the providers as the engine asks them.
type models struct {
	app       *App
	providers map[string]llm.Model
	builtin   engine.Model
	prices    map[string]price
}

func (a *App) models() *models {
	m := &models{app: a, providers: map[string]llm.Model{}, builtin: engine.Model{Name: "builtin", Model: builtin.New()}, prices: a.prices}
	for name, p := range a.options.Providers {
		var model llm.Model = openai.New(openai.Config{BaseURL: p.BaseURL, Key: p.Key, Stream: a.options.OpenAIStream, Timeout: a.options.ModelTimeout}, a.client.HTTP())
		if name == "anthropic" {
			model = anthropic.New(anthropic.Config{BaseURL: p.BaseURL, Key: p.Key, Timeout: a.options.ModelTimeout}, a.client.HTTP())
		}
		m.providers[name] = breaker.New(model, a.options.FirstWord)
	}
	return m
}

// maxTools is how many skills a provider's model is offered: more cost tokens in every
// request, and are chosen from less well.
const maxTools = 20

// order is whom the engine asks: the agent's model, then the server's standbys.
func (m *models) order(ctx context.Context, agent callwright.Agent) ([]engine.Model, bool) {
	own := agent.LLMModel
	if own == "" {
		own = m.app.options.Model
	}
	first, ok := m.model(ctx, agent.OrganizationID, own)
	var order []engine.Model
	if ok {
		order = append(order, first)
	}
	for _, name := range m.app.options.Standby {
		if standby, known := m.model(ctx, agent.OrganizationID, name); known && first.Name != m.builtin.Name && name != own {
			order = append(order, standby)
		}
	}
	return order, ok
}

// model finds a model by its name, provider/model, with the organization's own key if
// it has one for that provider's host.
func (m *models) model(ctx context.Context, org callwright.OrgID, name string) (engine.Model, bool) {
	provider, local, _ := strings.Cut(name, "/")
	if provider == m.builtin.Name {
		return m.builtin, true
	}
	model, ok := m.providers[provider]
	if !ok {
		return engine.Model{}, false
	}
	out := engine.Model{Name: name, Local: local, Model: model, Tools: maxTools}
	if u, err := url.Parse(m.app.options.Providers[provider].BaseURL); err == nil {
		key, err := m.app.Control.Secret(ctx, org, secretOf(provider), u.Hostname())
		if err != nil && callwright.CodeOf(err) != callwright.CodeSecretMissing {
			m.app.options.Log.WarnContext(ctx, "the organization's key for a provider cannot be read; the server's is used", "provider", provider, "error", err)
		}
		out.Key = key
	}
	return out, true
}

// A price is in US dollars for a million tokens.
type price struct{ input, cached, output float64 }

// parsePrices reads prices written MODEL=INPUT/OUTPUT or MODEL=INPUT/CACHED/OUTPUT.
func parsePrices(texts []string) (map[string]price, error) {
	prices := map[string]price{}
	for _, text := range texts {
		model, amounts, _ := strings.Cut(text, "=")
		parts := strings.Split(amounts, "/")
		var n []float64
		for _, p := range parts {
			v, err := strconv.ParseFloat(p, 64)
			if err != nil || v < 0 {
				n = nil
				break
			}
			n = append(n, v)
		}
		switch {
		case model != "" && len(n) == 2:
			prices[model] = price{n[0], n[0], n[1]}
		case model != "" && len(n) == 3:
			prices[model] = price{n[0], n[1], n[2]}
		default:
			return nil, callwright.Invalid(callwright.FieldError{Field: "model-price", Message: "must be a model and US dollars for a million tokens, such as openai/gpt-4.1-mini=0.40/1.60 or, with cached input, =0.40/0.10/1.60"})
		}
	}
	return prices, nil
}

// cost is what a request to a model cost, in US dollars.
func (m *models) cost(model string, used llm.Usage) float64 {
	p := m.prices[model]
	return (float64(used.Input-used.Cached)*p.input + float64(used.Cached)*p.cached + float64(used.Output)*p.output) / 1e6
}

// checkModels refuses, when the server starts, names of models that no provider has and
// budgets that cannot be kept.
func checkModels(o Options) error {
	var problems []callwright.FieldError
	check := func(field, name string) {
		provider, _, _ := strings.Cut(name, "/")
		if _, ok := o.Providers[provider]; !ok && provider != "builtin" {
			problems = append(problems, callwright.FieldError{Field: field, Message: "must be builtin, or one of " + strings.Join(slices.Sorted(maps.Keys(o.Providers)), ", ") + " with / and the name of a model"})
		}
	}
	check("model", o.Model)
	for _, name := range o.Standby {
		check("standby-model", name)
	}
	if o.DailyTokens < 0 {
		problems = append(problems, callwright.FieldError{Field: "daily-tokens", Message: "must not be negative; 0 is no limit"})
	}
	switch {
	case !(o.DailyDollars >= 0 && o.DailyDollars <= math.MaxFloat64):
		problems = append(problems, callwright.FieldError{Field: "daily-dollars", Message: "must be an amount; 0 is no limit"})
	case o.DailyDollars > 0 && len(o.ModelPrices) == 0:
		problems = append(problems, callwright.FieldError{Field: "daily-dollars", Message: "needs the prices of the models that are used: give --model-price"})
	}
	if len(problems) > 0 {
		return callwright.Invalid(problems...)
	}
	return nil
}
