package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"github.com/waypost/waypost/internal/api"
	"github.com/waypost/waypost/internal/media"
	"github.com/waypost/waypost/internal/wa"
)

func (a *app) mediaCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "media", Short: "Show what is known of a media", Args: cobra.NoArgs, RunE: help}
	cmd.AddCommand(a.mediaShow())
	return cmd
}

func (a *app) mediaShow() *cobra.Command {
	return a.withAccount(&cobra.Command{
		Use: "show ID", Short: "Show a media: its type and size, whether its bytes are here, and since when",
		Args: oneArgument("name the media: waypost media show ID --account NAME"),
	}, func(cmd *cobra.Command, h *home, account wa.Account, args []string) error {
		// Only rows are read, for which a library needs no more than the store.
		c := api.Curator{Library: media.New(media.Options{Store: h.store}), Journal: h.store}
		v, err := c.Media(cmd.Context(), account.ID, wa.MediaID(args[0]))
		if err != nil {
			return err
		}
		return a.show(v, []string{"ID", string(v.ID)}, mediaRows(v))
	})
}

func mediaRows(v api.Media) [][]string {
	rows := [][]string{{"STATE", string(v.State)}, {"KIND", string(v.Kind)}}
	add := func(what, value string) {
		if value != "" {
			rows = append(rows, []string{what, value})
		}
	}
	add("TYPE", presentable(v.MIMEType))
	add("SHA256", v.SHA256)
	if v.Size > 0 {
		add("SIZE", strconv.FormatInt(v.Size, 10)+" bytes")
	}
	add("FILE NAME", presentable(v.Filename))
	add("CREATED", stamp(v.CreatedAt))
	for _, e := range v.Events {
		add("EVENT", string(e.State)+", "+stamp(e.At))
	}
	return rows
}
