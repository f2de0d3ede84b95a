// Command callwright is the server and its command line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"callwright"
	"callwright/internal/app"
	"callwright/internal/client"
	"callwright/internal/demo"
	"callwright/internal/secret"
	"callwright/internal/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		message := err.Error()
		if e, ok := errors.AsType[*callwright.Error](err); ok {
			message = e.Message
			for _, f := range e.Fields {
				message += "\n  --" + f.Field + " " + f.Message
			}
		}
		fmt.Fprintln(os.Stderr, "callwright: "+message)
		os.Exit(1)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{Use: "callwright", Short: "Agents that answer the phone and the chat window, and act", SilenceUsage: true, SilenceErrors: true}
	cmd.AddCommand(serve(), keys(), runDemo(), chat(), export(), apply(), version())
	return cmd
}

func serve() *cobra.Command {
	o := app.Defaults()
	var level, database, smtp, smsToken, geocoderKey string
	modelKeys := map[string]*string{}
	cmd := &cobra.Command{Use: "serve", Short: "Run the server", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := environment(cmd.Flags()); err != nil {
			return err
		}
		var err error
		if o.Log, err = logger(level, cmd.ErrOrStderr()); err != nil {
			return err
		}
		o.DatabaseURL, o.SMTP, o.Texts.Token, o.GeocoderKey = secret.New(database), secret.New(smtp), secret.New(smsToken), secret.New(geocoderKey)
		for name, key := range modelKeys {
			o.Providers[name].Key = secret.New(*key)
		}
		server, err := app.New(cmd.Context(), o)
		if err != nil {
			return err
		}
		if err := server.Listen(cmd.Context()); err != nil {
			return errors.Join(err, server.Close())
		}
		fmt.Fprintln(cmd.OutOrStdout(), "callwright is ready at "+server.URL())
		return server.Run(cmd.Context())
	}}
	f := cmd.Flags()
	f.StringVar(&o.Listen, "listen", o.Listen, "address to listen on, host:port")
	dataFlags(f, &o.Data, &database)
	f.StringVar(&o.PublicURL, "public-url", "", "what clients call this server, for links (default http:// and the address)")
	f.StringArrayVar(&o.OutboundAllow, "outbound-allow", nil, "private destination that skills may reach: a CIDR, or CIDR@80,8000-9000; repeatable")
	f.StringVar(&o.MasterKeyFile, "master-key-file", "", "key file that seals secrets (default master.key in the data folder, made if missing)")
	f.DurationVar(&o.Drain, "drain", o.Drain, "how long a stop waits for work under way")
	f.StringVar(&smtp, "smtp-url", "", "mail server for skills of type email, smtp://user:password@host:587 (TLS is started) or smtps://…; better in CALLWRIGHT_SMTP_URL_FILE")
	f.StringVar(&o.SMTPFrom, "smtp-from", "", "address that messages come from, such as no-reply@example.com")
	f.StringVar(&o.Texts.URL, "sms-url", o.Texts.URL, "base URL of the provider of text messages, which speaks Twilio's REST API")
	f.StringVar(&o.Texts.Account, "sms-account", "", "SID of the account with it, for skills of type sms")
	f.StringVar(&smsToken, "sms-token", "", "auth token of the account; better in CALLWRIGHT_SMS_TOKEN_FILE")
	f.StringVar(&o.Texts.From, "sms-from", "", "sender: a number in E.164, a short code, a name, or the SID of a messaging service (MG…)")
	f.IntVar(&o.Texts.PerHour, "sms-per-hour", o.Texts.PerHour, "text messages that one number may get from one organization in an hour; 0 for no limit")
	f.IntVar(&o.Texts.PerDay, "sms-per-day", o.Texts.PerDay, "text messages that one number may get from one organization in a day; 0 for no limit")
	f.StringVar(&o.Texts.Help, "sms-help", "", "what somebody is answered who writes HELP (default nothing: Twilio answers by itself)")
	f.StringVar(&o.Geocoder, "geocoder", o.Geocoder, "who finds addresses: offline (United States, ZIP codes and cities), nominatim or google")
	f.StringVar(&o.GeocoderURL, "geocoder-url", "", "base URL of the geocoder (default the public server of OpenStreetMap or Google)")
	f.StringVar(&geocoderKey, "geocoder-key", "", "key for --geocoder google; better in CALLWRIGHT_GEOCODER_KEY_FILE")
	f.Float64Var(&o.GeocoderRate, "geocoder-rate", o.GeocoderRate, "requests a second that the geocoder may be asked")
	f.IntVar(&o.RateLimit, "rate-limit", o.RateLimit, "requests a minute of an organization, in this process; 0 for no limit")
	f.StringVar(&o.Model, "model", o.Model, "llmModel of agents that name none: builtin, or PROVIDER/NAME")
	f.StringArrayVar(&o.Standby, "standby-model", nil, "model that is asked when an agent's own gives no answer, before the built-in engine; repeatable, in order")
	for name, p := range o.Providers {
		modelKeys[name] = f.String(name+"-api-key", "", "key of the provider "+name+", for organizations without a secret "+strings.ToUpper(name)+"_API_KEY; better in "+variable(name+"-api-key")+"_FILE")
		f.StringVar(&p.BaseURL, name+"-base-url", p.BaseURL, "base URL of the provider "+name)
	}
	f.BoolVar(&o.OpenAIStream, "openai-stream", o.OpenAIStream, "ask OpenAI-compatible providers for answers as they are made")
	f.DurationVar(&o.FirstWord, "first-word-timeout", o.FirstWord, "limit for the beginning of a provider's answer")
	f.StringArrayVar(&o.ModelPrices, "model-price", nil, "US dollars for a million tokens, MODEL=INPUT/OUTPUT or MODEL=INPUT/CACHED/OUTPUT, for the costs in receipts; repeatable")
	f.DurationVar(&o.FillerAfter, "filler-after", o.FillerAfter, "how long a caller waits for a provider's first word before the agent asks for a moment; 0: it never does")
	f.Int64Var(&o.DailyTokens, "daily-tokens", 0, "tokens that an organization may use of providers' models in a day of UTC; 0 for no limit")
	f.Float64Var(&o.DailyDollars, "daily-dollars", 0, "US dollars that an organization may use of providers' models in a day of UTC, by --model-price; 0 for no limit")
	f.DurationVar(&o.ModelTimeout, "model-timeout", o.ModelTimeout, "limit for one whole answer of a provider")
	f.StringVar(&level, "log-level", "info", "debug, info, warn or error")
	return cmd
}

func runDemo() *cobra.Command {
	o := demo.Options{Listen: app.Defaults().Listen}
	cmd := &cobra.Command{Use: "demo", Short: "Watch an agent do its job, on embedded defaults", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if err := environment(cmd.Flags()); err != nil {
			return err
		}
		o.Out = cmd.OutOrStdout()
		info, err := os.Stdout.Stat()
		o.Color = err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("NO_COLOR") == ""
		o.Log, err = logger("warn", cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		return demo.Run(cmd.Context(), o)
	}}
	cmd.Flags().BoolVar(&o.Once, "once", false, "end after the conversation; the exit status tells whether it went well")
	cmd.Flags().StringVar(&o.Listen, "listen", o.Listen, "address to listen on, host:port; a free port is taken when it is in use")
	cmd.Flags().StringVar(&o.Data, "data", "", "data folder to keep (default a temporary one)")
	return cmd
}

func chat() *cobra.Command {
	var c client.Client
	var draft bool
	cmd := &cobra.Command{Use: "chat AGENT_ID", Short: "Talk to an agent in the terminal", Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if err := environment(cmd.Flags()); err != nil {
			return err
		}
		c.URL = strings.TrimRight(c.URL, "/")
		return terminal.Chat(cmd.Context(), c, args[0], draft, cmd.InOrStdin(), cmd.OutOrStdout())
	}}
	cmd.Flags().StringVar(&c.URL, "url", "http://"+app.Defaults().Listen, "the server")
	cmd.Flags().StringVar(&c.Key, "key", "", "API key with chat:write; better in CALLWRIGHT_KEY")
	cmd.Flags().BoolVar(&draft, "draft", false, "talk to the draft instead of the published version")
	return cmd
}

func version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		v, info := "development", &debug.BuildInfo{}
		if i, ok := debug.ReadBuildInfo(); ok && i.Main.Version != "" && i.Main.Version != "(devel)" {
			v, info = i.Main.Version, i
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), strings.TrimSpace("callwright "+v+" "+info.GoVersion))
		return err
	}}
}

func dataFlags(f *pflag.FlagSet, folder, database *string) {
	f.StringVar(folder, "data", *folder, "folder of the master key, and of the SQLite database")
	f.StringVar(database, "database-url", "", "PostgreSQL database, postgres://…; better in CALLWRIGHT_DATABASE_URL_FILE (default SQLite in the data folder)")
}

func logger(level string, out io.Writer) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("--log-level: use debug, info, warn or error")
	}
	return slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: l})), nil
}
