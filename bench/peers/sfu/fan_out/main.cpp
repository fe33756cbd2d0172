// fan_out_load: publishers and receivers of an SFU, at the other end of a script that does the signaling.

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <optional>

#include "bench/load/turn/server_process.h"
#include "bench/peers/sfu/fan_out/conversation.h"

int main(int argc, char** argv) {
  try {
    CLI::App app{"One publisher, many receivers, for any SFU: commands on standard input (bench/peers/sfu/run)."};
    std::optional<unsigned> cpu;
    app.add_option("--cpu", cpu, "pin to this core");
    CLI11_PARSE(app, argc, argv);
    penstock::load::raise_descriptor_limit();
    if (cpu) {
      if (auto pinned = penstock::load::pin_to_cpu(*cpu); !pinned) {
        std::cerr << "fan_out_load: " << pinned.error() << '\n';
        return 1;
      }
    }
    penstock::peers::Conversation().run(std::cin, std::cout);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "fan_out_load: " << error.what() << '\n';
    return 1;
  }
}
